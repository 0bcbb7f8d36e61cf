// A key exchange is work of the event loop (about 4 ms, 64 ms with diffie-hellman-group1-sha1), so that many at once
// would keep everything else in the process waiting.
import { createPlaces } from './places.ts'

/** How many SSH handshakes may be under way, and for how long one may keep its place, in milliseconds. */
export interface HandshakeLimits {
  most: number
  /** Those that may end in diffie-hellman-group1-sha1. */
  legacy: number
  /** A peer that says nothing costs nothing, and must not keep others waiting. */
  holdMs: number
}

const LIMITS: HandshakeLimits = { most: 16, legacy: 1, holdMs: 5000 }

/** Lets SSH handshakes begin. */
export interface Handshakes {
  /** Waits for a place. Returns how to give it back. An abort: DEVICE_ABORTED. */
  enter: (legacy: boolean, signal?: AbortSignal) => Promise<() => void>
}

/** Makes the gate of a number of connections. */
export function createHandshakes(limits: Partial<HandshakeLimits> = {}): Handshakes {
  const { most, legacy: mostLegacy, holdMs } = { ...LIMITS, ...limits }
  const places = createPlaces(most)
  const legacyPlaces = createPlaces(mostLegacy)
  return {
    async enter(legacy, signal) {
      const leaveLegacy = legacy ? await legacyPlaces.take(signal) : undefined
      const leavePlaces = await places.take(signal).catch((error: unknown) => {
        leaveLegacy?.()
        throw error
      })
      const leave = () => {
        clearTimeout(held)
        leavePlaces()
        leaveLegacy?.()
      }
      const held = setTimeout(leave, holdMs)
      return leave
    },
  }
}

/** The gate of this process: what is to be spared is its one event loop. */
export const processHandshakes: Handshakes = createHandshakes()
