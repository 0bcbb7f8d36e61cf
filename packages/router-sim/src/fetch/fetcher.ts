/** Getting package files from where an add command points, pluggable by URL scheme. */
import type { RepositoryUrl } from './repository-url.ts'

/** Why a fetch failed; each is told in other words by the device. */
export type FetchFailure = 'denied' | 'not-found' | 'refused' | 'timeout' | 'unreachable' | 'failed'

/** A failed fetch. */
export interface FetchError extends Error {
  readonly failure: FetchFailure
}

/** Makes a {@link FetchError}; the message must not hold secrets. */
export function fetchError(failure: FetchFailure, message: string): FetchError {
  return Object.assign(new Error(message), { failure })
}

/** The failure of any error. */
export function failureOf(error: unknown): FetchFailure {
  return error instanceof Error && 'failure' in error ? (error.failure as FetchFailure) : 'failed'
}

/** Credentials for a repository. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/** An open connection to a repository. */
export interface FetchSession {
  /**
   * Reads a whole file of the URL's directory; `progress` gets the bytes so far.
   * @throws FetchError
   */
  readonly read: (file: string, progress: (bytes: number) => void) => Promise<Buffer>
  readonly close: () => void
}

/**
 * Opens a repository: connects and logs in. Aborting `signal` closes it.
 * @throws FetchError `denied`, `refused`, `timeout`, `unreachable`
 */
export type Fetcher = (
  url: RepositoryUrl,
  credentials: Credentials,
  signal: AbortSignal,
) => Promise<FetchSession>

/** Fetchers by URL scheme. */
export type Fetchers = Readonly<Record<string, Fetcher>>

/** Largest file a simulated router takes into memory. */
export const MAX_FILE_BYTES = 256 * 1024 * 1024
