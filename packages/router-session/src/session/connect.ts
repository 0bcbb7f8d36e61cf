// From a target to a session: every address with every port, in order, until one lets us in.
import { setTimeout as pause } from 'node:timers/promises'
import { createChannel } from '../channel/channel.ts'
import { converse } from '../channel/converse.ts'
import { type ConnectOptions, connectDefaults } from '../connect-options.ts'
import { asDeviceError, type DeviceError, deviceError, hasDeviceCode } from '../device-error.ts'
import { type DeviceTarget, type Hop, hopsOf, hopText } from '../device-target.ts'
import { iosxr } from '../platform/iosxr.ts'
import { AUTH_REFUSED } from '../platform/texts.ts'
import { createLogScrub, type LogScrub } from '../scrub/log-scrub.ts'
import { processHandshakes } from '../transport/handshakes.ts'
import { atItsPace } from '../transport/ssh-pacing.ts'
import { openSsh } from '../transport/ssh-terminal.ts'
import { tcpDial } from '../transport/tcp-dial.ts'
import { openTelnet } from '../transport/telnet-terminal.ts'
import type { Terminal } from '../transport/transport.ts'
import type { DeviceSession, RunCommand } from './device-session.ts'
import { readVersion } from './discover.ts'
import { createLoginReader } from './login-reader.ts'
import { createSession } from './session.ts'

/** Failures that no other address or port will mend, or that trying again makes worse (account lock-out). */
const FINAL = [
  'DEVICE_AUTH_FAILED',
  'DEVICE_PASSWORD_EXPIRED',
  'DEVICE_ABORTED',
  'JUMP_HOST_AUTH_FAILED',
  'JUMP_HOST_UNREACHABLE',
] as const

/**
 * Connects and logs in: one pass over all addresses and ports.
 * Throws the last failure, with every attempt in `attempts`.
 */
export async function connectDevice(
  target: DeviceTarget,
  options: ConnectOptions = {},
): Promise<DeviceSession> {
  const hops = hopsOf(target)
  const failures: DeviceError[] = []
  const via = options.path?.via ?? []
  for (const [index, hop] of hops.entries()) {
    if (hops.length > 1 || via.length > 0) {
      const chain = [...via, hopText(hop)].join(' -> ')
      options.status?.(`Connection chain ${index + 1}/${hops.length}: ${chain}`)
    }
    try {
      return await connectHop(target, hop, options)
    } catch (thrown) {
      const error = located(asDeviceError(thrown, 'DEVICE_UNREACHABLE'), hop)
      options.status?.(`Connection error: ${error.message}`)
      failures.push(error)
      if (FINAL.some((code) => error.code === code)) break
    }
  }
  const last = failures.at(-1) ?? deviceError('DEVICE_UNREACHABLE', 'The device has no address')
  last.attempts = failures.map(({ code, message, address = '', port = 0 }) => ({
    address,
    port,
    code,
    message,
  }))
  throw last
}

function located(error: DeviceError, hop: Hop): DeviceError {
  error.address ??= hop.address
  error.port ??= hop.port
  return error
}

async function connectHop(target: DeviceTarget, hop: Hop, options: ConnectOptions): Promise<DeviceSession> {
  const waiting = () =>
    options.status?.(`Waiting for a free login through ${options.path?.via?.join(' -> ')}`)
  const leave = await options.path?.enter?.(options.signal, waiting)
  try {
    options.status?.(`Connecting ${hopText(hop)}`)
    const terminal = await openTerminal(hop, options)
    const session = await logIn(target, hop, terminal, options).catch((error: unknown) => {
      terminal.destroy()
      throw error
    })
    options.status?.(`Connected ${hopText(hop)}`)
    return session
  } finally {
    leave?.()
  }
}

async function openTerminal(hop: Hop, options: ConnectOptions): Promise<Terminal> {
  const { signal, handshakes = processHandshakes } = options
  const limits = { timeoutMs: options.connectTimeoutMs ?? connectDefaults.connectTimeoutMs, signal }
  const dial = options.path?.dial ?? tcpDial
  if (hop.protocol === 'telnet') return openTelnet(hop, dial, limits)
  return atItsPace(
    hop,
    signal,
    () => openSsh(hop, { dial, handshakes }, limits),
    (waitMs) =>
      options.status?.(`The device closed the connection at once, trying again in ${waitMs / 1000} s`),
  )
}

async function logIn(
  target: DeviceTarget,
  hop: Hop,
  terminal: Terminal,
  options: ConnectOptions,
): Promise<DeviceSession> {
  const scrub = scrubFor(target, options)
  const channel = createChannel(terminal, scrub, options)
  const { username, password } = hop
  const reader = createLoginReader(channel, { username, password, authenticated: terminal.authenticated })
  const timeoutMs = options.loginTimeoutMs ?? connectDefaults.loginTimeoutMs
  const prompt = await converse(channel, reader, { timeoutMs, signal: options.signal }).catch(loginFailure)
  channel.flushLog()
  const session = createSession({
    channel,
    hop,
    prompt,
    platform: iosxr,
    admin: { username: target.adminUsername ?? username, password: target.adminPassword ?? password },
    commandTimeoutMs: options.commandTimeoutMs ?? connectDefaults.commandTimeoutMs,
    onCommand: options.onCommand,
  })
  const { signal } = options
  const run: RunCommand = (command, more) => session.run(command, { ...more, ...(signal && { signal }) })
  try {
    for (const command of iosxr.main.setup) await run(command)
    const { platform } = await readVersion(run, iosxr.versionCommands)
    session.setPlatform(platform)
    return session
  } catch (error) {
    // In order: what the device still says to the last command belongs into the log.
    await session.close()
    throw error
  }
}

function scrubFor(target: DeviceTarget, options: ConnectOptions): LogScrub {
  const { path, secrets: others = [] } = options
  const secrets = [target.password, target.adminPassword, ...(path?.secrets ?? []), ...others]
  return createLogScrub(secrets.filter((secret): secret is string => secret !== undefined && secret !== ''))
}

/** A device may refuse a login and hang up in one go. */
function loginFailure(error: unknown): never {
  const text = asDeviceError(error, 'DEVICE_DISCONNECTED').deviceText ?? ''
  if (!hasDeviceCode(error, 'DEVICE_DISCONNECTED') || !AUTH_REFUSED.test(text)) throw error
  throw deviceError('DEVICE_AUTH_FAILED', 'Authentication failed', { deviceText: text, cause: error })
}

/** Waits; an abort ends it with DEVICE_ABORTED. */
export async function patience(ms: number, signal?: AbortSignal): Promise<void> {
  await pause(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {
    throw deviceError('DEVICE_ABORTED', 'Connecting was aborted')
  })
}
