import { setTimeout as pause } from 'node:timers/promises'
import { hasDeviceCode } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import { abortedError } from './tcp-dial.ts'

/** SSH servers pace logins by closing new connections before their banner; XR allows about one a second. */
const PACING_MS = [1000, 2000, 4000] as const

/** Whether a connection was closed before it said anything: how servers pace too many SSH logins. */
function closedBeforeHandshake(error: unknown): boolean {
  return (
    hasDeviceCode(error, 'DEVICE_UNREACHABLE') &&
    error instanceof Error &&
    /before handshake|connection was closed|reset by peer/.test(error.message)
  )
}

/** Opens, and tries again a few times while the server paces logins. An abort: DEVICE_ABORTED. */
export async function atItsPace<T>(
  hop: Hop,
  signal: AbortSignal | undefined,
  open: () => Promise<T>,
  waiting: (waitMs: number) => void = () => {},
): Promise<T> {
  for (const waitMs of PACING_MS) {
    try {
      return await open()
    } catch (error) {
      if (!closedBeforeHandshake(error)) throw error
      waiting(waitMs)
      await pause(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw abortedError(hop)
      })
    }
  }
  return open()
}
