// Coming back after a reload: the port refuses for a while, logins fail until the configuration is restored, and
// the old software may answer once more before it goes.
import type { ConnectOptions } from '../connect-options.ts'
import { DeviceError, deviceError, hasDeviceCode } from '../device-error.ts'
import type { DeviceTarget } from '../device-target.ts'
import { connectDevice, patience } from './connect.ts'
import type { DeviceSession } from './device-session.ts'

/** The pause between passes grows from the first to the last of these. */
const RETRY_DELAY_MS = { first: 250, last: 5000, factor: 1.6 } as const
/** A booting device may not know its users yet; but wrong passwords lock accounts, so few tries, far apart. */
const LOGIN_REFUSALS = { most: 3, delayMs: 30_000 } as const
/** A booting device may accept a connection and then say nothing: do not wait for it as long as usual. */
const ATTEMPT_TIMEOUT_MS = 30_000

export interface ReconnectOptions extends ConnectOptions {
  /** Give up after this many milliseconds (from the first attempt on). */
  withinMs: number
  /** First and last pause between passes. Default 250 ms growing to 5 s. */
  retryDelayMs?: number | { first: number; last: number }
  /** No attempt before this: a moment, or for example the `closed` of the session that is going away. */
  onlyAfter?: Date | Promise<unknown>
  /** Looks at a new session; false closes it and goes on trying (the old software still answers). */
  accept?: (session: DeviceSession) => Promise<boolean>
}

/** Repeats {@link connectDevice} until it succeeds or the time is up; then throws the last failure. */
export async function reconnectDevice(
  target: DeviceTarget,
  options: ReconnectOptions,
): Promise<DeviceSession> {
  await holdOff(options)
  const until = Date.now() + options.withinMs
  const delays = createDelays(options.retryDelayMs)
  let refusals = 0
  options.status?.(`Trying to reconnect within ${Math.round(options.withinMs / 1000)} seconds`)
  for (;;) {
    const outcome = await attempt(target, options, until)
    if (!('code' in outcome)) return outcome
    const refused = outcome.code === 'DEVICE_AUTH_FAILED' || outcome.code === 'JUMP_HOST_AUTH_FAILED'
    if (refused) refusals += 1
    if (isFinal(outcome) || refusals >= LOGIN_REFUSALS.most) throw outcome
    const delayMs = refused ? LOGIN_REFUSALS.delayMs : delays()
    if (Date.now() + delayMs >= until) throw outcome
    await patience(delayMs, options.signal)
  }
}

async function attempt(
  target: DeviceTarget,
  options: ReconnectOptions,
  until: number,
): Promise<DeviceSession | DeviceError> {
  const leftMs = Math.max(1000, until - Date.now())
  const limitMs = Math.min(ATTEMPT_TIMEOUT_MS, leftMs)
  try {
    const session = await connectDevice(target, {
      ...options,
      connectTimeoutMs: Math.min(options.connectTimeoutMs ?? limitMs, leftMs),
      loginTimeoutMs: Math.min(options.loginTimeoutMs ?? limitMs, leftMs),
    })
    return await accepted(session, options)
  } catch (error) {
    // Anything else is the caller's own trouble, from `accept`.
    if (error instanceof DeviceError) return error
    throw error
  }
}

async function accepted(session: DeviceSession, { accept }: ReconnectOptions): Promise<DeviceSession> {
  try {
    if (accept === undefined || (await accept(session))) return session
  } catch (error) {
    await session.close()
    throw error
  }
  await session.close()
  throw deviceError('DEVICE_UNREACHABLE', 'The device answers, but has not restarted yet', {
    address: session.address,
    port: session.port,
  })
}

function isFinal(error: DeviceError): boolean {
  return hasDeviceCode(error, 'DEVICE_ABORTED') || hasDeviceCode(error, 'DEVICE_PASSWORD_EXPIRED')
}

async function holdOff({ onlyAfter, signal }: ReconnectOptions): Promise<void> {
  if (onlyAfter instanceof Date) {
    const waitMs = onlyAfter.getTime() - Date.now()
    if (waitMs > 0) await patience(waitMs, signal)
  } else if (onlyAfter !== undefined) {
    await Promise.race([onlyAfter, aborted(signal)])
    if (signal?.aborted) throw deviceError('DEVICE_ABORTED', 'Connecting was aborted')
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve()
    else signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}

function createDelays(given: ReconnectOptions['retryDelayMs']): () => number {
  const { first, last } =
    typeof given === 'number' ? { first: given, last: given } : (given ?? RETRY_DELAY_MS)
  let next = first
  return () => {
    const delayMs = next
    next = Math.min(last, next * RETRY_DELAY_MS.factor)
    return delayMs
  }
}
