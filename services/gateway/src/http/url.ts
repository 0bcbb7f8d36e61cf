// What the router cannot tell by itself: URLs that do not decode, and which methods a path has.

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

/** Prefix of the API. */
export const apiPrefix = '/api/v1'
/** Longest path segment in characters as sent: 300 characters, each at most 12 when percent-encoded. */
const MAX_SEGMENT = 3_600

/**
 * A URL that reaches a route or a not-found handler: the router answers those it cannot decode by itself, before
 * anybody has been authenticated. The original stays in `request.originalUrl`.
 */
export function routableUrl(url: string): string {
  if (isDecodable(url) && !hasLongSegment(url)) return url
  return url.startsWith(`${apiPrefix}/`) ? `${apiPrefix}/unroutable` : '/unroutable'
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

/** Knows the methods of every path, for 405 and its `Allow`. */
export interface MethodTable {
  add(pattern: string, methods: readonly string[]): void
  /** Methods of a path (undecoded, without query); empty if there is no such path. */
  methodsOf(path: string): readonly string[]
}

/** Makes an empty table. A pattern segment that begins with `:` stands for any non-empty segment. */
export function createMethodTable(): MethodTable {
  const patterns = new Map<string, Set<string>>()
  return {
    add: (pattern, methods) => {
      const known = patterns.get(pattern) ?? new Set()
      for (const method of methods) known.add(method)
      patterns.set(pattern, known)
    },
    methodsOf: (path) => {
      const segments = path.split('/')
      const found = [...patterns].filter(([pattern]) => matches(pattern.split('/'), segments))
      return [...new Set(found.flatMap(([, methods]) => [...methods]))].sort()
    },
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false
  return pattern.every((part, index) => {
    const segment = segments[index] ?? ''
    return part.startsWith(':') ? segment !== '' : part === segment
  })
}
