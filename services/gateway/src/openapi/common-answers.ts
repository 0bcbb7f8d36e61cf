// Answers that every operation may give, whatever it does. Source: REST contract, sections 1 and 2.
import { errorCatalogue, Failure, type HttpAnswer, type HttpOperation } from '@slipway/contracts'
import { failureBody } from '../http/envelope.ts'
import { apiPrefix } from '../http/url.ts'

const answer = (description: string, message: string, headers?: Readonly<Record<string, string>>) =>
  ({
    description,
    schema: Failure,
    example: failureBody(message),
    ...(headers === undefined ? {} : { headers }),
  }) satisfies HttpAnswer

const unauthenticated = answer(
  'No credentials or not good ones (with a challenge), or no permission (`Not Authorized`, without one).',
  errorCatalogue.AUTH_UNAUTHENTICATED.message,
  { 'WWW-Authenticate': 'Basic realm="Authentication Required"' },
)
const throttled = answer('Too many failed logins.', 'Too many failed logins. Try again in 42 seconds.', {
  'Retry-After': '42',
})
const unavailable = answer('A service cannot be reached in time.', errorCatalogue.BUS_UNAVAILABLE.message, {
  'Retry-After': '1',
})
const badRequest = answer(
  'A parameter is not known, or the URL cannot be decoded.',
  "Following parameter, 'colour', is not allowed.",
)

/** By status; the operation's own answers come before these. */
export function commonAnswers(operation: HttpOperation): Record<number, HttpAnswer> {
  const { path, permission, isComplete = false } = operation
  if (isComplete) return {}
  if (permission === 'public') return path.startsWith(apiPrefix) ? { 400: badRequest } : {}
  return { 400: badRequest, 401: unauthenticated, 429: throttled, 503: unavailable }
}
