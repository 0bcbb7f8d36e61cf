/** The middle value. */
export function median(values: number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the given part of all lies, `quantile(times, 0.99)`. */
export function quantile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}
