// SSH by ssh2: password or keyboard-interactive, one attempt with the credentials (wrong ones may lock the
// account), legacy algorithms only after a handshake that found no common ones.
import type { Duplex } from 'node:stream'
import { Client, type ClientChannel } from 'ssh2'
import { type DeviceError, deviceError, hasDeviceCode } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import { LEGACY_ALGORITHMS } from './ssh-algorithms.ts'
import { createSshAuth } from './ssh-auth.ts'
import { abortedError, destroyQuietly, socketError, timeoutError } from './tcp-dial.ts'
import { type OpenLimits, type OpenTerminal, type Terminal, WINDOW } from './transport.ts'

/** Keepalives notice a peer that died without a word after about 30 s. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 } as const

/** What automation has always sent as Enter in an SSH session; a CR LF would count twice. */
const SSH_NEWLINE = '\n'

/** ssh2's words when both sides have no algorithm in common: `Handshake failed: no matching key exchange algorithm`. */
const NO_COMMON_ALGORITHM = /no matching|Protocol major versions differ|modulus too small/i

/** Opens an SSH terminal; a device with only old algorithms gets a second try with those allowed. */
export const openSsh: OpenTerminal = async (hop, dial, limits) => {
  try {
    return await openOnce(hop, dial, limits, false)
  } catch (error) {
    if (!(error instanceof Error) || !NO_COMMON_ALGORITHM.test(error.message)) throw error
    return openOnce(hop, dial, limits, true)
  }
}

const openOnce = async (
  hop: Hop,
  dial: Parameters<OpenTerminal>[1],
  limits: OpenLimits,
  legacy: boolean,
): Promise<Terminal> => {
  const started = Date.now()
  const sock = await dial(hop, limits)
  const timeoutMs = Math.max(1, limits.timeoutMs - (Date.now() - started))
  const client = new Client()
  const destroy = () => {
    client.on('error', () => {})
    client.destroy()
    destroyQuietly(sock)
  }
  try {
    const stream = await withLimits(hop, { ...limits, timeoutMs }, (settle) =>
      openShell(client, hop, sock, legacy, settle),
    )
    client.on('error', () => stream.destroy())
    client.on('close', () => stream.destroy())
    return { stream, newline: SSH_NEWLINE, authenticated: true, end: () => client.end(), destroy }
  } catch (error) {
    destroy()
    throw error
  }
}

type Settle = (error: DeviceError | undefined, stream?: ClientChannel) => void

function openShell(client: Client, hop: Hop, sock: Duplex, legacy: boolean, settle: Settle): void {
  const auth = createSshAuth(hop)
  client.once('ready', () => {
    const window = { term: WINDOW.terminal, cols: WINDOW.columns, rows: WINDOW.rows }
    client.shell(window, (error, stream) => settle(error && shellError(hop, error), stream))
  })
  // Stays: ssh2 may report more than one error on the way out.
  client.on('error', (error) => settle(auth.failure() ?? sshError(hop, error)))
  client.once('change password', () => settle(expiredError(hop)))
  client.once('close', () => settle(auth.failure() ?? closedError(hop, auth.passwordGiven())))
  client.connect({
    sock,
    username: hop.username,
    authHandler: auth.handler,
    readyTimeout: 0,
    hostVerifier: () => true,
    ...KEEPALIVE,
    ...(legacy ? { algorithms: LEGACY_ALGORITHMS } : {}),
  })
}

function withLimits(hop: Hop, limits: OpenLimits, open: (settle: Settle) => void): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const abort = () => settle(abortedError(hop))
    const timer = setTimeout(() => settle(timeoutError(hop, limits.timeoutMs)), limits.timeoutMs)
    const settle: Settle = (error, stream) => {
      clearTimeout(timer)
      limits.signal?.removeEventListener('abort', abort)
      if (error !== undefined || stream === undefined) reject(error)
      else resolve(stream)
    }
    if (limits.signal?.aborted) return abort()
    limits.signal?.addEventListener('abort', abort, { once: true })
    open(settle)
  })
}

function expiredError(hop: Hop): DeviceError {
  const { address, port } = hop
  return deviceError('DEVICE_PASSWORD_EXPIRED', `The password of ${hop.username} has expired`, {
    address,
    port,
  })
}

function shellError(hop: Hop, error: Error): DeviceError {
  return deviceError('DEVICE_DISCONNECTED', `${hop.address} opened no terminal: ${error.message}`, {
    address: hop.address,
    port: hop.port,
    cause: error,
  })
}

function closedError(hop: Hop, passwordGiven: boolean): DeviceError {
  if (!passwordGiven) return socketError(hop, new Error('the connection was closed'))
  return deviceError(
    'DEVICE_AUTH_FAILED',
    `${hop.address} closed the connection at the password of ${hop.username}`,
    {
      address: hop.address,
      port: hop.port,
    },
  )
}

/** ssh2 marks its errors with a level. */
function sshError(hop: Hop, error: Error & { level?: string }): DeviceError {
  const fields = { address: hop.address, port: hop.port, cause: error }
  if (error.level === 'client-authentication') {
    return deviceError(
      'DEVICE_AUTH_FAILED',
      `Authentication failed for ${hop.username}@${hop.address}`,
      fields,
    )
  }
  return socketError(hop, error)
}

/** Whether a connection was closed before it said anything: how XR paces too many SSH logins. */
export function closedBeforeHandshake(error: unknown): boolean {
  return (
    hasDeviceCode(error, 'DEVICE_UNREACHABLE') &&
    error instanceof Error &&
    /before handshake|connection was closed|reset by peer/.test(error.message)
  )
}
