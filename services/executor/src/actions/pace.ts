/** The first look comes soon: most of what a router does takes seconds, some of it takes hours. */
const FIRST_MS = 1_000
const GROWTH = 1.5

/** Pauses between looks at a router: from a second, growing to `longestMs`. */
export function createPace(longestMs: number): () => number {
  let next = Math.min(FIRST_MS, longestMs)
  return () => {
    const pause = next
    next = Math.min(longestMs, next * GROWTH)
    return pause
  }
}
