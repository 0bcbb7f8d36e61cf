// Answers that every operation may give, whatever it does. Source: REST contract, sections 1 and 2.
import { errorCatalogue, Failure, type HttpAnswer, type HttpOperation } from '@slipway/contracts'
import { failureBody } from '../http/envelope.ts'
import { bodyLimitBytes } from '../http/errors.ts'
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

const tooLarge = answer(
  'A body of more than 16 MiB.',
  `The request is too large: at most ${bodyLimitBytes} bytes.`,
)
const unexpected = answer('An error that nobody foresaw.', errorCatalogue.INTERNAL_UNEXPECTED.message)

/** By status; the operation's own answers come before these. */
export function commonAnswers(operation: HttpOperation): Record<number, HttpAnswer> {
  const { method, path, permission, body, isComplete = false } = operation
  // Answers to HEAD have no body.
  const always = { 500: method === 'head' ? { description: unexpected.description } : unexpected }
  if (isComplete) return always
  if (permission === 'public') return path.startsWith(apiPrefix) ? { 400: badRequest, ...always } : always
  const takesJson = body !== undefined && body.mediaType === undefined
  return {
    400: badRequest,
    401: unauthenticated,
    ...(takesJson ? { 413: tooLarge } : {}),
    429: throttled,
    ...always,
    503: unavailable,
  }
}
