/** The system's code of an error: `ENOENT`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** A handler that lets errors with this code pass. */
export function unless(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (codes.includes(codeOf(error))) return undefined
    throw error
  }
}
