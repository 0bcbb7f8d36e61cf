// Errors are values with codes. A code and its kind are API: clients, services and the gateway switch on them.
// The message is what the REST contract prescribes; `{}` in a template is filled from the parameters in order.
import { type ErrorCode, errorCatalogue } from './error-catalogue.ts'
import type { ErrorKind, ErrorParams } from './error-entry.ts'

/** A typed domain error. Never test with `instanceof` across packages: use `hasCode`. */
export interface SlipwayError extends Error {
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly retryable: boolean
  readonly params: ErrorParams
}

/** The form in which an error travels on the bus and stands in rows of bulk answers. */
export interface ErrorBody {
  code: string
  message: string
  params: (string | number)[]
}

/** Fills a template: `fill("Host '{}' does not exist.", ['R1'])`. Surplus `{}` stay as they are. */
export function fillTemplate(template: string, params: ErrorParams): string {
  const rest = [...params]
  return template.replace(/\{\}/g, (hole) => (rest.length > 0 ? String(rest.shift()) : hole))
}

/** Makes the error of a catalogue code. @param cause the underlying failure, kept for the log, never shown. */
export function createError(code: ErrorCode, params: ErrorParams = [], cause?: unknown): SlipwayError {
  const entry = errorCatalogue[code]
  const error = new Error(fillTemplate(entry.message, params), cause === undefined ? undefined : { cause })
  error.name = 'SlipwayError'
  return Object.assign(error, { code, kind: entry.kind, retryable: entry.retryable, params })
}

/** True if the value is an error of our catalogue, wherever it was made. */
export function isSlipwayError(value: unknown): value is SlipwayError {
  return value instanceof Error && 'code' in value && isErrorCode(value.code) && 'kind' in value
}

/** True if the value is an error with this code. */
export function hasCode(value: unknown, code: ErrorCode): value is SlipwayError {
  return value instanceof Error && 'code' in value && value.code === code
}

/** True for a code that stands in the catalogue. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code)
}

/** The wire form of an error; anything that is not ours becomes INTERNAL_UNEXPECTED without its text. */
export function toErrorBody(error: unknown): ErrorBody {
  const known = isSlipwayError(error) ? error : createError('INTERNAL_UNEXPECTED')
  return { code: known.code, message: known.message, params: [...known.params] }
}

/** The error of a wire form; an unknown code (a newer peer) becomes INTERNAL_UNEXPECTED with its code as cause. */
export function fromErrorBody(body: ErrorBody): SlipwayError {
  if (isErrorCode(body.code)) return createError(body.code, body.params)
  return createError('INTERNAL_UNEXPECTED', [], new Error(`${body.code}: ${body.message}`))
}
