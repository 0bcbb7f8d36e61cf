// What travels beside a payload. NATS headers refuse CR and LF, so every value is printable ASCII by construction.
import { randomUUID } from 'node:crypto'
import { type Caller, CallerSchema } from '@slipway/contracts'
import { type Encoding, encodings } from './codec.ts'
import { fits } from './validation.ts'

/** Names of headers on every transport. The error headers are those of NATS services (ADR-32). */
export const headerNames = {
  caller: 'Slipway-Caller',
  requestId: 'Slipway-Request-Id',
  timeoutMs: 'Slipway-Timeout-Ms',
  encoding: 'Slipway-Encoding',
  notBegun: 'Slipway-Not-Begun',
  errorCode: 'Nats-Service-Error-Code',
  error: 'Nats-Service-Error',
} as const

export type Headers = Readonly<Record<string, string>>

/** A request id as it may stand in a header, a log line and a file name. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/
const PRINTABLE_ASCII_GAPS = /[^\x20-\x7e]/g
/** Node's timers overflow above; it is also far above every deadline. */
const timeoutLimitMs = 2_147_483_647

/** JSON in ASCII: what is not printable becomes an escape, which JSON.parse reads back. */
function toAsciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    PRINTABLE_ASCII_GAPS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Header of a caller. */
export function writeCaller(caller: Caller): string {
  return toAsciiJson({ username: caller.username, privilege: caller.privilege })
}

/** The caller of a header; undefined if there is none or it is not one. */
export function readCaller(headers: Headers): Caller | undefined {
  const text = headers[headerNames.caller]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return fits(CallerSchema, value) ? (value as Caller) : undefined
  } catch {
    return undefined
  }
}

/** A request id that may travel: the given one, or a new one if it is absent or could break a header or a log. */
export function usableRequestId(given: string | undefined): string {
  return given !== undefined && REQUEST_ID.test(given) ? given : randomUUID()
}

/** Milliseconds the caller waits, between 1 and what timers can do; the contract's where the header says nothing. */
export function readTimeoutMs(headers: Headers, contractMs: number): number {
  const text = headers[headerNames.timeoutMs]
  const given = text === undefined ? Number.NaN : Number(text)
  return usableTimeoutMs(Number.isInteger(given) && given > 0 ? given : contractMs)
}

/** A timeout that setTimeout can keep. */
export function usableTimeoutMs(timeoutMs: number): number {
  return Math.min(Math.max(Math.ceil(timeoutMs), 1), timeoutLimitMs)
}

/** The encoding of a message; undefined for one we do not know. */
export function readEncoding(headers: Headers): Encoding | undefined {
  const given = headers[headerNames.encoding] ?? 'json'
  return encodings.find((encoding) => encoding === given)
}

/** One line of ASCII for a header. */
export function toHeaderText(text: string): string {
  return text.replace(PRINTABLE_ASCII_GAPS, ' ').slice(0, 500)
}
