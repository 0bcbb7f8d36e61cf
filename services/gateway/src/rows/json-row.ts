/** One object of a request body, as JSON.parse made it. Read it by own keys only: `__proto__` may be one of them. */
export type JsonRow = Readonly<Record<string, unknown>>

/** True for a JSON object (neither list nor null). */
export function isJsonRow(value: unknown): value is JsonRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of a key; `null` is the same as an absent key. Source: REST contract, section 1. */
export function fieldValue(row: JsonRow, key: string): unknown {
  const value = Object.hasOwn(row, key) ? row[key] : undefined
  return value === null ? undefined : value
}

/** The value of a key for echoing it in an answer: a string as it was given, else ''. */
export function echoOf(row: JsonRow, key: string): string {
  const value = fieldValue(row, key)
  return typeof value === 'string' ? value : ''
}
