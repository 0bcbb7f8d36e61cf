// The one place where an error becomes an HTTP answer: by its kind, with the exceptions the REST contract names.
import {
  createError,
  type ErrorCode,
  type ErrorKind,
  isSlipwayError,
  type SlipwayError,
} from '@slipway/contracts'
import { discardBody, isDecodable } from '@slipway/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { failureBody } from './envelope.ts'

/** Largest request body in bytes. Source: REST contract, section 1. */
export const bodyLimitBytes = 16 * 1024 * 1024
/** Seconds after which a client may try again when a service is away. */
const RETRY_AFTER_S = 2
/** The challenge, letter by letter. Source: REST contract, section 2. */
const CHALLENGE = 'Basic realm="Authentication Required"'

const statusByKind: Readonly<Record<ErrorKind, number>> = {
  Input: 400,
  Unauthenticated: 401,
  NotAuthorized: 401,
  NotFound: 404,
  Conflict: 409,
  TooLarge: 413,
  Throttled: 429,
  Unavailable: 503,
  Timeout: 503,
  Internal: 500,
}

/** Where the guide prescribes another status than the kind's. */
const statusByCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  ROUTE_METHOD_NOT_ALLOWED: 405,
  INVENTORY_HOST_JOB_RUNNING: 400,
  INVENTORY_IN_USE: 400,
  SCHEDULER_HOST_BUSY: 400,
  SCHEDULER_DELETE_IN_PROGRESS: 400,
  SCHEDULER_DELETE_COMPLETED: 400,
  SCHEDULER_RESUBMIT_STATE: 400,
  SCHEDULER_CANCEL_STATE: 400,
}

/** What Fastify refuses by itself, in our words. Sample codes: FST_ERR_CTP_BODY_TOO_LARGE, FST_ERR_BAD_URL. */
const fastifyCodes: Readonly<Record<string, () => SlipwayError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => createError('INPUT_TOO_LARGE', [`at most ${bodyLimitBytes} bytes.`]),
  FST_ERR_BAD_URL: () => createError('INPUT_BAD_URL'),
  FST_ERR_MAX_PARAM_LENGTH: () => createError('INPUT_PARAMETER_INVALID', ['path', 'it is too long.']),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => createError('INPUT_CONTENT_TYPE'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    createError('INPUT_MALFORMED_JSON', ['its length is not Content-Length.']),
}

/** An error as one of ours. What nobody foresaw becomes INTERNAL_UNEXPECTED with the error as its cause. */
export function asSlipwayError(error: unknown): SlipwayError {
  if (isSlipwayError(error)) return error
  const { code, statusCode } = errorFacts(error)
  const known = code === undefined ? undefined : fastifyCodes[code]
  if (known !== undefined) return known()
  if (code === 'ECONNRESET' || code === 'ECONNABORTED') {
    return createError('INPUT_MALFORMED_JSON', ['the request was aborted.'])
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return createError('INPUT_MALFORMED_JSON', ['the request could not be read.'], error)
  }
  return createError('INTERNAL_UNEXPECTED', [], error)
}

function errorFacts(error: unknown): { code: string | undefined; statusCode: number | undefined } {
  if (typeof error !== 'object' || error === null) return { code: undefined, statusCode: undefined }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const statusCode =
    'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined
  return { code, statusCode }
}

/** Why a request reached no route: there is none, or its URL could not be used. */
export function notFoundError({ originalUrl, url }: FastifyRequest): SlipwayError {
  if (originalUrl === url) return createError('ROUTE_NOT_FOUND')
  if (!isDecodable(originalUrl)) return createError('INPUT_BAD_URL')
  return createError('INPUT_PARAMETER_INVALID', ['path', 'it is too long.'])
}

/** The HTTP status of an error. */
export function statusOf(error: SlipwayError): number {
  return statusByCode[error.code] ?? statusByKind[error.kind]
}

/** Headers that an error asks for. */
export function headersOf(error: SlipwayError): Readonly<Record<string, string>> {
  if (error.code === 'AUTH_UNAUTHENTICATED') return { 'www-authenticate': CHALLENGE }
  if (error.code === 'AUTH_THROTTLED') return { 'retry-after': String(error.params[0] ?? RETRY_AFTER_S) }
  return statusOf(error) === 503 ? { 'retry-after': String(RETRY_AFTER_S) } : {}
}

/** Answers an error in the envelope; unexpected ones are logged here, once, with the request's id. */
export async function sendError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const error = asSlipwayError(thrown)
  const status = statusOf(error)
  if (status === 500) request.log.error({ err: error, cause: error.cause }, 'request failed unexpectedly')
  else if (status === 503) request.log.warn({ code: error.code }, 'request could not be served')
  await discardBody(request.raw)
  return reply
    .code(status)
    .headers({ ...headersOf(error), 'cache-control': 'no-store' })
    .type('application/json; charset=utf-8')
    .send(failureBody(error.message))
}
