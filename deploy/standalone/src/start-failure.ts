// What a failed start tells a user, beside the log line with all particulars.

const wordsOf: Record<
  string,
  (error: NodeJS.ErrnoException & { address?: string; port?: number }) => string
> = {
  EADDRINUSE: ({ address, port }) => `port ${port} of ${address} is in use. Set PORT to another one.`,
  EADDRNOTAVAIL: ({ address }) => `${address} is no address of this machine. Set HOST to one that is.`,
}

/** One plain sentence, or some lines where several settings are wrong. */
export function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return `Slipway cannot start: ${error}`
  const { code = '' }: NodeJS.ErrnoException = error
  const words = Object.hasOwn(wordsOf, code) ? wordsOf[code]?.(error) : undefined
  return `Slipway cannot start: ${words ?? error.message}`
}
