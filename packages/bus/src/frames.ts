// A transport with a smaller message size than ours (NATS: 1 MiB) cuts encoded bytes into frames of 512 KiB and
// joins them at the other end; smaller frames where the server takes less. Frames may arrive in any order and twice;
// a set that contradicts itself is refused.
import { createError } from '@slipway/contracts'
import { messageLimit } from './codec.ts'

/** Largest frame in bytes. */
export const frameSize = 512 * 1024
/** Smallest size of frames that is worth while. */
export const smallestFrame = 16 * 1024
const frameCountLimit = Math.ceil(messageLimit / smallestFrame)

export interface Frame {
  /** From 0. */
  readonly index: number
  /** Number of frames of the message, at least 1. */
  readonly count: number
  readonly bytes: Uint8Array
}

/** Gathers the frames of one message. */
export interface FrameCollector {
  /** Takes a frame; answers the whole message when it was the last that was missing, else undefined. */
  add(frame: Frame): Uint8Array | undefined
}

/** Cuts encoded bytes into frames of a size, one if they are small. @throws BUS_TOO_LARGE */
export function splitFrames(bytes: Uint8Array, size = frameSize): Frame[] {
  if (bytes.length > messageLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  const count = Math.max(1, Math.ceil(bytes.length / size))
  return Array.from({ length: count }, (_, index) => ({
    index,
    count,
    bytes: bytes.subarray(index * size, (index + 1) * size),
  }))
}

/** Joins the frames of one message. @throws BUS_INVALID_PAYLOAD if one is missing or they do not fit, BUS_TOO_LARGE */
export function joinFrames(frames: readonly Frame[], subject: string): Uint8Array {
  const collector = createFrameCollector(subject)
  for (const frame of frames) {
    const whole = collector.add(frame)
    if (whole !== undefined) return whole
  }
  throw createError('BUS_INVALID_PAYLOAD', [subject, 'a frame is missing'])
}

/** Collects frames as they come in. `add` throws BUS_INVALID_PAYLOAD or BUS_TOO_LARGE; give the message up then. */
export function createFrameCollector(subject: string): FrameCollector {
  const parts = new Map<number, Uint8Array>()
  const known: Known = { count: undefined, size: undefined }
  let total = 0
  return {
    add(frame) {
      learn(known, frame, subject)
      if (!parts.has(frame.index)) {
        parts.set(frame.index, frame.bytes)
        total += frame.bytes.length
      }
      if (total > messageLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
      return parts.size === known.count ? concatenate(parts) : undefined
    },
  }
}

/** What the frames so far say of all: how many there are, and how large each but the last is. */
interface Known {
  count: number | undefined
  size: number | undefined
}

function learn(known: Known, { index, count, bytes }: Frame, subject: string): void {
  if (count > frameCountLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  const inRange = Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count
  const isLast = index === count - 1
  const sameSize = isLast || (bytes.length > 0 && bytes.length === (known.size ?? bytes.length))
  const fits = sameSize && bytes.length <= frameSize
  if (!inRange || !fits || count !== (known.count ?? count)) {
    throw createError('BUS_INVALID_PAYLOAD', [subject, 'frames do not fit together'])
  }
  known.count = count
  if (!isLast) known.size = bytes.length
}

function concatenate(parts: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)
  return Buffer.concat(inOrder)
}
