// Messages as carriers take them: value and headers to bytes, and back.

import type { SlipwayError } from '@slipway/contracts'
import { createError, type ErrorBody, ErrorBodySchema, fromErrorBody, toErrorBody } from '@slipway/contracts'
import type { Carrier, Message } from './carrier.ts'
import type { Encoded } from './codec.ts'
import { decodeMessage, pack, serialize } from './codec.ts'
import { type Headers, headerNames, readEncoding, toHeaderText } from './headers.ts'
import { fits } from './validation.ts'

function toMessage(encoded: Encoded, headers: Headers): Message {
  return { headers: { ...headers, [headerNames.encoding]: encoded.encoding }, bytes: encoded.bytes }
}

/** A message of bytes that serialize() made, for a carrier that wants large ones deflated or does not. */
export async function packMessage(
  bytes: Uint8Array,
  headers: Headers,
  { deflates }: Pick<Carrier, 'deflates'>,
): Promise<Message> {
  return toMessage(deflates ? await pack(bytes) : { encoding: 'json', bytes }, headers)
}

/** A reply. @throws BUS_INVALID_PAYLOAD, BUS_TOO_LARGE */
export async function replyMessage(
  value: unknown,
  subject: string,
  carrier: Pick<Carrier, 'deflates'>,
): Promise<Message> {
  return packMessage(serialize(value, subject), {}, carrier)
}

/** The reply that carries an error. Never fails: an error that cannot travel becomes INTERNAL_UNEXPECTED. */
export function errorMessage(error: unknown, subject: string): Message {
  const body = toErrorBody(error)
  try {
    return plainError(body, subject)
  } catch {
    return plainError(toErrorBody(createError('INTERNAL_UNEXPECTED')), subject)
  }
}

/** The reply of a replica that stops and did not begin: the question may be asked of another one. */
export function leavingMessage(subject: string): Message {
  const { headers, bytes } = errorMessage(createError('BUS_CLOSED'), subject)
  return { headers: { ...headers, [headerNames.notBegun]: 'yes' }, bytes }
}

/** True if a replica refused a question without having begun it. */
export function wasNotBegun(reply: Message): boolean {
  return reply.headers[headerNames.notBegun] !== undefined
}

/** Errors are small and are not deflated, so that one can be sent in the very turn in which a bus closes. */
function plainError(body: ErrorBody, subject: string): Message {
  return toMessage({ encoding: 'json', bytes: serialize(body, subject) }, errorHeaders(body))
}

function errorHeaders(body: ErrorBody): Headers {
  return { [headerNames.errorCode]: body.code, [headerNames.error]: toHeaderText(body.message) }
}

/** The value of a message, not yet checked against a contract. @throws BUS_INVALID_PAYLOAD, BUS_TOO_LARGE */
export async function readMessage(message: Message, subject: string): Promise<unknown> {
  const encoding = readEncoding(message.headers)
  if (encoding === undefined) throw createError('BUS_INVALID_PAYLOAD', [subject, 'unknown encoding'])
  return decodeMessage({ encoding, bytes: message.bytes }, subject)
}

/** The error a reply carries; undefined if it is not an error. */
export async function readError(message: Message, subject: string): Promise<SlipwayError | undefined> {
  if (message.headers[headerNames.errorCode] === undefined) return undefined
  const body = await readMessage(message, subject)
  if (!fits(ErrorBodySchema, body)) {
    throw createError('BUS_INVALID_PAYLOAD', [subject, 'an error reply without an error'])
  }
  return fromErrorBody(body as ErrorBody)
}
