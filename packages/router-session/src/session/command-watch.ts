/** A command that was written to the device and has ended. Its output is no part of it. */
export interface WatchedCommand {
  /** Secrets masked. */
  readonly command: string
  /** The caller fenced it (`beforeWrite`), so it may change the device. */
  readonly fenced: boolean
  readonly elapsedMs: number
  /** `ok`, `failed` if the device refused it, or the code of the error that ended it. */
  readonly outcome: string
}

/** Told of every command of a session, for logs and metrics; must be quick and must not throw. */
export type CommandWatch = (watched: WatchedCommand) => void

/** What the error that ended a command is called. */
export function outcomeOfError(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
}
