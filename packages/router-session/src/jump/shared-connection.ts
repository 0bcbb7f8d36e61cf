// The one connection to a jump host that all devices behind it share: made when somebody needs it, made anew when it
// broke, closed when nobody has needed it for a while.
import type { Duplex } from 'node:stream'
import { type DeviceError, deviceError, hasDeviceCode } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import type { Handshakes } from '../transport/handshakes.ts'
import { createPlaces } from '../transport/places.ts'
import { openSshClient } from '../transport/ssh-client.ts'
import { atItsPace } from '../transport/ssh-pacing.ts'
import { abortedError, tcpDial } from '../transport/tcp-dial.ts'
import type { OpenLimits } from '../transport/transport.ts'
import { within } from '../transport/within.ts'
import { connectError, slowError } from './jump-host.ts'
import { createJumpLink, type JumpLink } from './jump-link.ts'

/** Times in milliseconds. */
export interface SharedConnectionOptions {
  idleMs: number
  logins: number
  connectTimeoutMs: number
  refusalMs: number
  handshakes: Handshakes
  /** Nobody uses it any more, and nothing of it need be remembered. */
  unused: () => void
}

export interface SharedConnection {
  readonly connected: () => boolean
  readonly channels: () => number
  /** Logins to devices under way or in line. */
  readonly logins: () => number
  enter: (signal: AbortSignal | undefined, waiting: () => void) => Promise<() => void>
  dial: (device: Hop, limits: OpenLimits) => Promise<Duplex>
  close: () => void
}

/** Makes it; nothing is connected yet. */
export function createSharedConnection(jump: Hop, options: SharedConnectionOptions): SharedConnection {
  const places = createPlaces(options.logins)
  const ending = new AbortController()
  let link: JumpLink | undefined
  let opening: Promise<JumpLink> | undefined
  let refusal: { error: DeviceError; until: number } | undefined
  let users = 0
  let idle: NodeJS.Timeout | undefined

  const use = (): (() => void) => {
    let using = true
    users += 1
    clearTimeout(idle)
    return () => {
      if (!using) return
      using = false
      users -= 1
      if (users === 0 && !ending.signal.aborted) idle = setTimeout(rest, options.idleMs)
    }
  }
  const rest = () => {
    link?.close()
    link = undefined
    if (refusal === undefined || refusal.until <= Date.now()) options.unused()
  }
  const openLink = async (): Promise<JumpLink> => {
    const { signal } = ending
    const { connectTimeoutMs: timeoutMs, handshakes } = options
    try {
      const connection = await atItsPace(jump, signal, () =>
        openSshClient(jump, { dial: tcpDial, handshakes }, { timeoutMs, signal }),
      )
      const made = createJumpLink(jump, connection, () => {
        if (link === made) link = undefined
      })
      if (signal.aborted) {
        made.close()
        throw abortedError(jump)
      }
      link = made
      return made
    } catch (thrown) {
      const error = connectError(jump, thrown)
      if (error.code === 'JUMP_HOST_AUTH_FAILED') {
        refusal = { error, until: Date.now() + options.refusalMs }
      }
      throw error
    } finally {
      opening = undefined
    }
  }
  const ready = (): Promise<JumpLink> => {
    if (link?.alive()) return Promise.resolve(link)
    // Wrong passwords lock accounts: many hosts behind one jump host must not try the same ones one after the other.
    if (refusal !== undefined && refusal.until > Date.now()) return Promise.reject(refusal.error)
    opening ??= openLink()
    return opening
  }
  const openChannel = async (device: Hop, limits: OpenLimits): Promise<Duplex> => {
    const started = Date.now()
    const found = await patiently(jump, ready(), limits)
    const timeoutMs = Math.max(1, limits.timeoutMs - (Date.now() - started))
    return found.open(device, { ...limits, timeoutMs })
  }

  return {
    connected: () => link?.alive() ?? false,
    channels: () => link?.channels() ?? 0,
    logins: places.wanted,
    async enter(signal, waiting) {
      const leave = use()
      try {
        if (!places.free()) waiting()
        const free = await places.take(signal)
        return () => {
          free()
          leave()
        }
      } catch (error) {
        leave()
        throw error
      }
    },
    async dial(device, limits) {
      const leave = use()
      try {
        const hadOne = link !== undefined
        const stream = await openChannel(device, limits).catch((error: unknown) => {
          // A connection that broke unnoticed is noticed now; a new one is worth one try.
          if (!hadOne || !hasDeviceCode(error, 'JUMP_HOST_UNREACHABLE')) throw error
          return openChannel(device, limits)
        })
        stream.once('close', leave)
        if (stream.destroyed) leave()
        return stream
      } catch (error) {
        leave()
        throw error
      }
    },
    close() {
      clearTimeout(idle)
      ending.abort()
      link?.close()
      link = undefined
    },
  }
}

/** Waits for what others wait for, too: with limits of one's own, and an error of one's own. */
async function patiently(jump: Hop, opening: Promise<JumpLink>, limits: OpenLimits): Promise<JumpLink> {
  try {
    return await within<JumpLink>(jump, limits, (settle) => {
      opening.then(
        (value) => settle({ value }),
        (error: DeviceError) => settle({ error: copyOf(error) }),
      )
    })
  } catch (error) {
    throw hasDeviceCode(error, 'DEVICE_TIMEOUT') ? slowError(jump, limits.timeoutMs) : error
  }
}

/** Whoever catches an error may write into it. */
function copyOf(error: DeviceError): DeviceError {
  const { address, port, cause } = error
  return deviceError(error.code, error.message, { address, port, cause })
}
