// What the client's errors mean to us.
import { createError, type SlipwayError } from '@slipway/contracts'
import { ErrorCode, NatsError } from 'nats'

/** Why we were not let in: it will not heal by waiting alone, so it is said louder. */
export function isRefusal(error: unknown): boolean {
  return error instanceof NatsError && (error.isAuthError() || error.isPermissionError())
}

/** The server forbids a subject. The asker is told that the service is not available; why stands in our log. */
export function deniedError(cause: unknown): SlipwayError {
  return createError('BUS_UNAVAILABLE', [], cause)
}

/** What a failed publish is called: BUS_TOO_LARGE, BUS_INVALID_PAYLOAD for a header, else BUS_UNAVAILABLE. */
export function publishError(error: unknown, subject: string, maxPayload: number): SlipwayError {
  const code = error instanceof NatsError ? error.code : undefined
  if (code === ErrorCode.MaxPayloadExceeded) return createError('BUS_TOO_LARGE', [maxPayload], error)
  if (code === ErrorCode.BadHeader) {
    return createError('BUS_INVALID_PAYLOAD', [subject, 'a header cannot travel'], error)
  }
  return createError('BUS_UNAVAILABLE', [], error)
}
