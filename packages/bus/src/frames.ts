// A transport with a smaller message size than ours (NATS: 1 MiB) cuts encoded bytes into frames of 512 KiB and
// joins them at the other end. Frames may arrive in any order and twice; a set that contradicts itself is refused.
import { createError } from '@slipway/contracts'
import { messageLimit } from './codec.ts'

/** Largest frame in bytes. */
export const frameSize = 512 * 1024
const frameCountLimit = Math.ceil(messageLimit / frameSize)

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

/** Cuts encoded bytes into frames, one if they are small. @throws BUS_TOO_LARGE */
export function splitFrames(bytes: Uint8Array): Frame[] {
  const count = Math.max(1, Math.ceil(bytes.length / frameSize))
  if (count > frameCountLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  return Array.from({ length: count }, (_, index) => ({
    index,
    count,
    bytes: bytes.subarray(index * frameSize, (index + 1) * frameSize),
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
  let expected: number | undefined
  return {
    add(frame) {
      checkFrame(frame, expected, subject)
      expected = frame.count
      if (!parts.has(frame.index)) parts.set(frame.index, frame.bytes)
      return parts.size === expected ? concatenate(parts) : undefined
    },
  }
}

function checkFrame(frame: Frame, expected: number | undefined, subject: string): void {
  const { index, count, bytes } = frame
  if (count > frameCountLimit) throw createError('BUS_TOO_LARGE', [messageLimit])
  const inRange = Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count
  // All frames but the last are full, so the sizes cannot add up to more than the limit.
  const fits = index === count - 1 ? bytes.length <= frameSize : bytes.length === frameSize
  if (!inRange || !fits || (expected !== undefined && count !== expected)) {
    throw createError('BUS_INVALID_PAYLOAD', [subject, 'frames do not fit together'])
  }
}

function concatenate(parts: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)
  return Buffer.concat(inOrder)
}
