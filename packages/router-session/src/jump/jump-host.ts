// A server that forwards connections to devices, and what may go wrong with it. Its errors have codes of their own,
// so that nobody looks for the trouble at the device.
import { asDeviceError, type DeviceError, deviceError } from '../device-error.ts'
import { type Hop, hopText } from '../device-target.ts'
import { noAnswerError, refusedError } from '../transport/tcp-dial.ts'

/** An SSH server through which devices are reached. */
export interface JumpHost {
  address: string
  /** Default 22. */
  port?: number
  username: string
  password: string
}

const DEFAULT_PORT = 22

/** Why a server does not open a channel (RFC 4254, 5.1); any other reason is a refusal. */
const CONNECT_FAILED = 2

/** How ssh2 begins its message: `(SSH) Channel open failure: Connection refused`. */
const SSH2_PREFIX = /^\(SSH\) Channel open failure: ?/

/** The jump host as the hop it is. */
export function hopOf({ address, port = DEFAULT_PORT, username, password }: JumpHost): Hop {
  return { protocol: 'ssh', address, port, username, password }
}

/** The error of a jump host that could not be connected to. Aborts stay what they are. */
export function connectError(jump: Hop, thrown: unknown): DeviceError {
  const error = asDeviceError(thrown, 'DEVICE_UNREACHABLE')
  const fields = { ...locationOf(jump), cause: error }
  const who = `The jump host ${hopText(jump)}`
  switch (error.code) {
    case 'DEVICE_ABORTED':
      return error
    case 'DEVICE_AUTH_FAILED':
      return deviceError('JUMP_HOST_AUTH_FAILED', `${who} does not accept user name and password`, fields)
    case 'DEVICE_PASSWORD_EXPIRED':
      return deviceError('JUMP_HOST_AUTH_FAILED', `${who} asks for a new password`, fields)
    default:
      return deviceError('JUMP_HOST_UNREACHABLE', `${who} cannot be reached: ${error.message}`, fields)
  }
}

/** The error of a jump host whose connection broke. */
export function lostError(jump: Hop, cause?: unknown): DeviceError {
  const message = `The connection to the jump host ${hopText(jump)} was lost`
  return deviceError('JUMP_HOST_UNREACHABLE', message, { ...locationOf(jump), cause })
}

/** The error of a jump host that did not let us in within a dial's time. */
export function slowError(jump: Hop, timeoutMs: number): DeviceError {
  const message = `The jump host ${hopText(jump)} cannot be reached: no connection within ${timeoutMs / 1000} s`
  return deviceError('JUMP_HOST_UNREACHABLE', message, locationOf(jump))
}

/** The error of a device that does not answer the jump host. */
export function silentError(jump: Hop, device: Hop, timeoutMs: number): DeviceError {
  return noAnswerError(device, timeoutMs, through(jump))
}

/** The error of a channel that was not opened, from what ssh2 says. */
export function forwardError(jump: Hop, device: Hop, error: Error & { reason?: unknown }): DeviceError {
  const { reason } = error
  if (typeof reason !== 'number') return lostError(jump, error)
  const words = error.message.replace(SSH2_PREFIX, '').trim()
  const { address, port } = device
  if (reason !== CONNECT_FAILED) {
    const message = `The jump host ${hopText(jump)} does not forward to ${address} port ${port}`
    return deviceError('JUMP_HOST_FORWARDING_REFUSED', words === '' ? message : `${message}: ${words}`, {
      ...locationOf(jump),
      cause: error,
    })
  }
  if (/refused/i.test(words)) return refusedError(device, error, through(jump))
  const why = words === '' ? 'no connection' : words
  return deviceError('DEVICE_UNREACHABLE', `Cannot reach ${address} port ${port}${through(jump)}: ${why}`, {
    address,
    port,
    cause: error,
  })
}

function through(jump: Hop): string {
  return ` through ${hopText(jump)}`
}

function locationOf({ address, port }: Hop): { address: string; port: number } {
  return { address, port }
}
