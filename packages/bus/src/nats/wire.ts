// Messages as they stand on the NATS wire: our headers as NATS headers, large bytes as frames.
import { createError } from '@slipway/contracts'
import { Empty, type Msg, headers as makeHeaders, type NatsConnection } from 'nats'
import type { Message } from '../carrier.ts'
import { type Frame, frameSize, smallestFrame, splitFrames } from '../frames.ts'
import type { Headers } from '../headers.ts'
import { publishError } from './nats-error.ts'

/** Headers that only this transport knows. */
export const wireHeaders = {
  /** `3/64`: a frame and how many there are. */
  frame: 'Slipway-Frame',
  /** Which message a frame of an event belongs to. */
  message: 'Slipway-Message',
  /** On a question: it follows in so many frames when its responder says where to. */
  announced: 'Slipway-Frames',
  /** On an answer: send the announced frames to its reply subject. */
  proceed: 'Slipway-Proceed',
} as const

/** Room for headers beside a frame in the server's largest payload. */
const HEADER_ROOM = 4 * 1024
/** Status of a message that the server sends where nobody listens. */
const NO_RESPONDERS = 503
const FRAME = /^(\d{1,6})\/(\d{1,6})$/

/** The frames of a message, undefined if it can go whole. @throws BUS_TOO_LARGE */
export function framesOf(connection: NatsConnection, bytes: Uint8Array): Frame[] | undefined {
  const maxPayload = maxPayloadOf(connection)
  const size = Math.min(frameSize, maxPayload - HEADER_ROOM)
  if (bytes.length <= size) return undefined
  if (size >= smallestFrame) return splitFrames(bytes, size)
  if (bytes.length > maxPayload) throw createError('BUS_TOO_LARGE', [maxPayload])
  return undefined
}

/** Sends one message. @throws BUS_TOO_LARGE, BUS_INVALID_PAYLOAD, BUS_UNAVAILABLE */
export function send(connection: NatsConnection, subject: string, message: Message, reply?: string): void {
  try {
    const headers = makeHeaders()
    for (const [name, value] of Object.entries(message.headers)) headers.set(name, value)
    connection.publish(subject, message.bytes, { headers, ...(reply === undefined ? {} : { reply }) })
  } catch (error) {
    throw publishError(error, subject, maxPayloadOf(connection))
  }
}

/** Sends frames; `headers` go with the first one only, `each` with every one. */
export function sendFrames(
  connection: NatsConnection,
  subject: string,
  frames: readonly Frame[],
  { headers = {}, each = {}, reply }: { headers?: Headers; each?: Headers; reply?: string },
): void {
  for (const { index, count, bytes } of frames) {
    const first = index === 0 ? headers : {}
    const frame = { [wireHeaders.frame]: `${index}/${count}` }
    send(connection, subject, { headers: { ...first, ...each, ...frame }, bytes }, reply)
  }
}

/** Sends what needs no go-ahead, whole or in frames. */
export function sendAll(
  connection: NatsConnection,
  subject: string,
  message: Message,
  each: Headers = {},
): void {
  const frames = framesOf(connection, message.bytes)
  if (frames === undefined) send(connection, subject, message)
  else sendFrames(connection, subject, frames, { headers: message.headers, each })
}

/** A question that is too large to go whole: says how many frames will follow. */
export function announcement(message: Message, frames: readonly Frame[]): Message {
  return { headers: { ...message.headers, [wireHeaders.announced]: String(frames.length) }, bytes: Empty }
}

/** Our headers of a message; of a repeated one the first value. */
export function readHeaders(received: Msg): Headers {
  const headers: Record<string, string> = {}
  for (const [name, values] of received.headers ?? []) headers[name] = values[0] ?? ''
  return headers
}

/** The frame in a message; undefined if it is whole. */
export function readFrame(headers: Headers, bytes: Uint8Array): Frame | undefined {
  const text = headers[wireHeaders.frame]
  if (text === undefined) return undefined
  const [, index, count] = FRAME.exec(text) ?? []
  return { index: Number(index), count: Number(count), bytes }
}

/** True if the server says that nobody listens where we sent to. */
export function saysNobody(received: Msg): boolean {
  return received.data.length === 0 && received.headers?.code === NO_RESPONDERS
}

function maxPayloadOf(connection: NatsConnection): number {
  return connection.info?.max_payload ?? frameSize
}
