// What a router cannot tell by itself: URLs that do not decode, and parameters that are too long. It would answer them
// in its own words, before anybody has been authenticated.

/** True if every percent sequence of path and query is UTF-8. Sample of one that is not: `/hosts/%zz`. */
export function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

/** Longest path segment in characters as sent: 300 characters, each at most 12 when percent-encoded. */
const MAX_SEGMENT = 3_600

/**
 * A URL that reaches a route or a not-found handler; what could not be routed becomes `unroutable` below the prefix it
 * has. The original stays in `request.originalUrl`.
 */
export function routableUrl(url: string, prefixes: readonly string[]): string {
  if (isDecodable(url) && !hasLongSegment(url)) return url
  const prefix = prefixes.find((each) => url.startsWith(`${each}/`)) ?? ''
  return `${prefix}/unroutable`
}

function hasLongSegment(url: string): boolean {
  if (url.length <= MAX_SEGMENT) return false
  return pathOf(url)
    .split('/')
    .some((segment) => segment.length > MAX_SEGMENT)
}

/** A URL without its query. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/)
  return end === -1 ? url : url.slice(0, end)
}
