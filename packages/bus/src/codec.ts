// Values to bytes and back, the same for every transport: JSON in UTF-8, deflated above 64 KiB where they go over a
// network, at most 32 MiB before compression. Inflation is bounded by the same limit, so a small message cannot fill the memory.
import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { deflate, inflate } from 'node:zlib'
import { createError } from '@slipway/contracts'
import { holdsProtoKey, inspectValue } from './json-safety.ts'
import { textOf } from './json-text.ts'

/** Largest message in bytes of JSON; above it BUS_TOO_LARGE, before anything is sent. */
export const messageLimit = 32 * 1024 * 1024
/** Messages of more bytes are deflated. */
export const deflateAbove = 64 * 1024

export const encodings = ['json', 'deflate'] as const
export type Encoding = (typeof encodings)[number]

/** A message as bytes. The encoding travels in a header. */
export interface Encoded {
  readonly encoding: Encoding
  readonly bytes: Uint8Array
}

const deflateAsync = promisify<Uint8Array, { level: number }, Buffer>(deflate)
const inflateAsync = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate)
// Level 1: our messages are repetitive, and the thread pool also verifies passwords and reads files.
const deflateOptions = { level: 1 }

/**
 * The JSON bytes of a value as it is now (later changes to the value do not matter).
 * @throws BUS_INVALID_PAYLOAD if it would not arrive as it is, BUS_TOO_LARGE
 */
export function serialize(value: unknown, subject: string): Uint8Array {
  const text = textOf(value) ?? inspectedJson(value, subject)
  if (text.length > messageLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  const bytes = Buffer.from(text)
  if (bytes.length > messageLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  return bytes
}

function inspectedJson(value: unknown, subject: string): string {
  const inspected = inspectValue(value)
  if ('refused' in inspected) throw createError('BUS_INVALID_PAYLOAD', [subject, inspected.refused])
  if (inspected.textLength > messageLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  return toJson(value, subject)
}

function toJson(value: unknown, subject: string): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    // A toJSON that throws; its words may quote the value.
  }
  if (text === undefined) throw createError('BUS_INVALID_PAYLOAD', [subject, 'cannot be written as JSON'])
  return text
}

/** Deflates bytes where that pays. */
export async function pack(bytes: Uint8Array): Promise<Encoded> {
  if (bytes.length <= deflateAbove) return { encoding: 'json', bytes }
  const deflated = await deflateAsync(bytes, deflateOptions)
  return deflated.length < bytes.length
    ? { encoding: 'deflate', bytes: deflated }
    : { encoding: 'json', bytes }
}

/** The value of a message that arrived. @throws BUS_INVALID_PAYLOAD, BUS_TOO_LARGE */
export async function decodeMessage(message: Encoded, subject: string): Promise<unknown> {
  const bytes = message.encoding === 'deflate' ? await unpack(message.bytes, subject) : message.bytes
  if (bytes.length > messageLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  return parse(bytes, subject)
}

async function unpack(bytes: Uint8Array, subject: string): Promise<Uint8Array> {
  try {
    return await inflateAsync(bytes, { maxOutputLength: messageLimit })
  } catch (cause) {
    if (cause instanceof RangeError) throw createError('BUS_TOO_LARGE', [messageLimit], cause)
    throw createError('BUS_INVALID_PAYLOAD', [subject, 'not a deflated message'], cause)
  }
}

function parse(bytes: Uint8Array, subject: string): unknown {
  const { text, value } = parseText(bytes, subject)
  if (holdsProtoKey(text, value)) {
    throw createError('BUS_INVALID_PAYLOAD', [subject, 'key __proto__ is not allowed'])
  }
  return value
}

function parseText(bytes: Uint8Array, subject: string): { text: string; value: unknown } {
  try {
    // Quicker than a TextDecoder that refuses; a byte order mark stays and is no JSON.
    if (!isUtf8(bytes)) throw new TypeError('not UTF-8')
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
    return { text, value: JSON.parse(text) }
  } catch {
    // Without the cause: the parser's message quotes the payload, which may hold a password.
    throw createError('BUS_INVALID_PAYLOAD', [subject, 'not JSON in UTF-8'])
  }
}
