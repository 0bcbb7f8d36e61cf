// Paths of the API, and which methods they have.

/** Prefix of the API. */
export const apiPrefix = '/api/v1'

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
