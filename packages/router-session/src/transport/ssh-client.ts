// An SSH connection by ssh2, logged in: password or keyboard-interactive, one attempt with the credentials (wrong ones
// may lock the account), legacy algorithms only after a handshake that found no common ones.
import type { Duplex } from 'node:stream'
import { Client } from 'ssh2'
import { type DeviceError, deviceError } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import type { Handshakes } from './handshakes.ts'
import { LEGACY_ALGORITHMS } from './ssh-algorithms.ts'
import { createSshAuth } from './ssh-auth.ts'
import { destroyQuietly, socketError } from './tcp-dial.ts'
import type { Dial, OpenLimits } from './transport.ts'
import { type Settle, within } from './within.ts'

/** Keepalives notice a peer that died without a word after about 30 s. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 } as const

/** ssh2's words when both sides have no algorithm in common: `Handshake failed: no matching key exchange algorithm`. */
const NO_COMMON_ALGORITHM = /no matching|Protocol major versions differ|modulus too small/i

/** A connection that is logged in. */
export interface SshConnection {
  client: Client
  /** Ends the connection below at once; safe to call often. */
  destroy: () => void
}

/** What opening a connection needs beside the hop. */
export interface SshOpenDeps {
  dial: Dial
  handshakes: Handshakes
}

/** Connects and logs in; a server with only old algorithms gets a second try with those allowed. */
export async function openSshClient(hop: Hop, deps: SshOpenDeps, limits: OpenLimits): Promise<SshConnection> {
  try {
    return await openOnce(hop, deps, limits, false)
  } catch (error) {
    if (!(error instanceof Error) || !NO_COMMON_ALGORITHM.test(error.message)) throw error
    return openOnce(hop, deps, limits, true)
  }
}

async function openOnce(
  hop: Hop,
  { dial, handshakes }: SshOpenDeps,
  limits: OpenLimits,
  legacy: boolean,
): Promise<SshConnection> {
  const started = Date.now()
  const sock = await dial(hop, limits)
  const timeoutMs = Math.max(1, limits.timeoutMs - (Date.now() - started))
  // Until ssh2 listens; it may be a while until a place is free.
  sock.on('error', () => {})
  const client = new Client()
  const destroy = () => {
    client.on('error', () => {})
    client.destroy()
    destroyQuietly(sock)
  }
  let leave = () => {}
  try {
    leave = await handshakes.enter(legacy, limits.signal)
    client.once('handshake', () => leave())
    await within(hop, { ...limits, timeoutMs }, (settle) => logIn(client, hop, sock, legacy, settle))
    return { client, destroy }
  } catch (error) {
    destroy()
    throw error
  } finally {
    leave()
  }
}

function logIn(client: Client, hop: Hop, sock: Duplex, legacy: boolean, settle: Settle<true>): void {
  const auth = createSshAuth(hop)
  if (sock.destroyed) {
    settle({ error: closedError(hop, false) })
    return
  }
  client.once('ready', () => settle({ value: true }))
  // Stays: ssh2 may report more than one error on the way out.
  client.on('error', (error) => settle({ error: auth.failure() ?? sshError(hop, error) }))
  client.once('change password', () => settle({ error: expiredError(hop) }))
  client.once('close', () => settle({ error: auth.failure() ?? closedError(hop, auth.passwordGiven()) }))
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

function expiredError(hop: Hop): DeviceError {
  const { address, port } = hop
  return deviceError('DEVICE_PASSWORD_EXPIRED', `The password of ${hop.username} has expired`, {
    address,
    port,
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
