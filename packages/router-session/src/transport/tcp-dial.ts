import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { type DeviceError, deviceError } from '../device-error.ts'
import type { Hop } from '../device-target.ts'
import type { Dial } from './transport.ts'

/** Dead peers are noticed about 20 s after their last sign of life (Node probes 10 times, 1 s apart). */
const KEEPALIVE_AFTER_MS = 10_000

/** Ports of terminal servers: a refusal there usually means that somebody else holds the line. */
const LINE_PORTS = { from: 2001, to: 2999 } as const

/** Dials by TCP. */
export const tcpDial: Dial = (hop, limits) =>
  new Promise((resolve, reject) => {
    if (limits.signal?.aborted) return reject(abortedError(hop))
    const socket = connect({ host: hop.address, port: hop.port, noDelay: true })
    const timer = setTimeout(() => fail(noAnswerError(hop, limits.timeoutMs)), limits.timeoutMs)
    const abort = () => fail(abortedError(hop))
    const settle = () => {
      clearTimeout(timer)
      limits.signal?.removeEventListener('abort', abort)
      socket.off('error', failed)
      socket.off('connect', connected)
    }
    const fail = (error: DeviceError) => {
      settle()
      destroyQuietly(socket)
      reject(error)
    }
    const failed = (error: Error) => fail(socketError(hop, error))
    const connected = () => {
      settle()
      socket.setKeepAlive(true, KEEPALIVE_AFTER_MS)
      resolve(socket)
    }
    limits.signal?.addEventListener('abort', abort, { once: true })
    socket.once('error', failed)
    socket.once('connect', connected)
  })

/** Destroys a stream whose later errors interest nobody. */
export function destroyQuietly(stream: Duplex): void {
  stream.on('error', () => {})
  stream.destroy()
}

/** The device error of a socket error. */
export function socketError(hop: Hop, error: Error): DeviceError {
  const fields = { address: hop.address, port: hop.port, cause: error }
  if (errnoOf(error) !== 'ECONNREFUSED') {
    return deviceError(
      'DEVICE_UNREACHABLE',
      `Cannot reach ${hop.address} port ${hop.port}: ${reasonOf(error)}`,
      fields,
    )
  }
  return refusedError(hop, error)
}

/** The error of a refused connection; `through` tells of the way to the device. */
export function refusedError(hop: Hop, cause: unknown, through = ''): DeviceError {
  const { address, port } = hop
  const busy = port >= LINE_PORTS.from && port <= LINE_PORTS.to ? ' (line busy?)' : ''
  return deviceError(
    'DEVICE_CONNECTION_REFUSED',
    `Connection refused by ${address} port ${port}${through}${busy}`,
    { address, port, cause },
  )
}

/** The error of an address that says nothing; `through` tells of the way to it. */
export function noAnswerError(hop: Hop, timeoutMs: number, through = ''): DeviceError {
  const { address, port } = hop
  return deviceError(
    'DEVICE_UNREACHABLE',
    `No answer from ${address} port ${port}${through} within ${timeoutMs / 1000} s`,
    {
      address,
      port,
    },
  )
}

/** The error of a connection that was accepted and did not become a terminal in time. */
export function timeoutError(hop: Hop, timeoutMs: number): DeviceError {
  return deviceError(
    'DEVICE_TIMEOUT',
    `No connection to ${hop.address} port ${hop.port} within ${timeoutMs / 1000} s`,
    {
      address: hop.address,
      port: hop.port,
    },
  )
}

/** The error of an aborted attempt. */
export function abortedError(hop: Hop): DeviceError {
  return deviceError('DEVICE_ABORTED', `Connecting to ${hop.address} port ${hop.port} was aborted`, {
    address: hop.address,
    port: hop.port,
  })
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'the name could not be resolved',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connection timed out',
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'connection closed by peer',
}

function reasonOf(error: Error): string {
  return REASONS[errnoOf(error)] ?? error.message
}

/** Error number of a socket error; a name with several addresses fails with an aggregate of them. */
function errnoOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return first instanceof Error ? errnoOf(first) : ''
}
