// A request with an Idempotency-Key is answered as it was the first time, for a day. Keys are their user's own.
// Source: REST contract, section 5.
import type { RepeatableRequest } from '@slipway/contracts'

/** How long first answers are kept. */
export const answerLifetimeMs = 24 * 3_600_000

/** A request of a user that may come again. */
export interface KeyedRequest extends RepeatableRequest {
  readonly username: string
}

/** Answers given at this moment or before are forgotten. */
export function forgottenBefore(now: Date): Date {
  return new Date(now.getTime() - answerLifetimeMs)
}
