// The shape of the error catalogue's entries.

/** What went wrong in general; the gateway maps a kind to an HTTP status once. */
export type ErrorKind =
  | 'Input'
  | 'Unauthenticated'
  | 'NotAuthorized'
  | 'NotFound'
  | 'Conflict'
  | 'TooLarge'
  | 'Throttled'
  | 'Unavailable'
  | 'Timeout'
  | 'Internal'

export type ErrorParams = readonly (string | number)[]

/** One entry of the catalogue. */
export interface ErrorEntry {
  readonly kind: ErrorKind
  /** True if the same request may succeed later without a change. */
  readonly retryable: boolean
  /** Text for people; `{}` stands for the next parameter. */
  readonly message: string
}
