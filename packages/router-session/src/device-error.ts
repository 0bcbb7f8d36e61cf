// Trouble on the way to or with a device. A refused command is a result, never one of these.
// Switch on `code`; `message` is for people; `deviceText` holds the device's own last words, secrets masked.

/** Every code a session can fail with, and what it means. */
export const deviceErrorMeanings = {
  DEVICE_UNREACHABLE:
    'No connection: no address, no route, an unknown name, or no answer on any address and port.',
  DEVICE_CONNECTION_REFUSED: 'The device refused the connection, or all of its lines are busy.',
  DEVICE_AUTH_FAILED: 'The device (or its admin plane) does not accept user name and password.',
  DEVICE_TIMEOUT: 'The device did not answer in time.',
  DEVICE_DISCONNECTED: 'The device closed the connection or logged the session out.',
  DEVICE_PROMPT_LOST: 'The device does not come back to a prompt that is known.',
  DEVICE_STANDBY: 'The session has reached a standby route processor.',
  DEVICE_NOT_GLOBAL_MODE:
    'The session has begun in another mode than that of commands, e.g. in configuration.',
  DEVICE_PASSWORD_EXPIRED: 'The password has expired and the device asks for a new one.',
  DEVICE_ABORTED: 'Slipway itself gave the session up.',
  DEVICE_UNSUPPORTED: 'The device is none that is known, or cannot do what was asked.',
  JUMP_HOST_UNREACHABLE:
    'The jump host before the device cannot be reached, or the connection to it broke while the device was dialled.',
  JUMP_HOST_AUTH_FAILED: 'The jump host before the device does not accept user name and password.',
  JUMP_HOST_FORWARDING_REFUSED: 'The jump host does not forward connections, or not to this device.',
} as const

export type DeviceErrorCode = keyof typeof deviceErrorMeanings

/** What may be told about a failure beside its code. */
export interface DeviceErrorFields {
  address?: string | undefined
  port?: number | undefined
  /** The device's own words, at most the last 500 characters. */
  deviceText?: string | undefined
  cause?: unknown
}

/** One failed attempt of a connection pass. */
export interface ConnectionAttempt {
  address: string
  port: number
  code: DeviceErrorCode
  message: string
}

export class DeviceError extends Error {
  override readonly name = 'DeviceError'
  readonly code: DeviceErrorCode
  address: string | undefined
  port: number | undefined
  readonly deviceText: string | undefined
  /** All attempts of the pass that ended with this error, in order. */
  attempts: ConnectionAttempt[] = []

  constructor(code: DeviceErrorCode, message: string, fields: DeviceErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = code
    this.address = fields.address
    this.port = fields.port
    this.deviceText = fields.deviceText
  }
}

/** Makes a {@link DeviceError}. */
export function deviceError(
  code: DeviceErrorCode,
  message: string,
  fields: DeviceErrorFields = {},
): DeviceError {
  return new DeviceError(code, message, fields)
}

/** Whether a thrown value carries this device error code (works across package copies). */
export function hasDeviceCode(error: unknown, code: DeviceErrorCode): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}

/** Any thrown value as a DeviceError; an unknown one gets the given code. */
export function asDeviceError(error: unknown, code: DeviceErrorCode): DeviceError {
  if (error instanceof DeviceError) return error
  const message = error instanceof Error ? error.message : String(error)
  return deviceError(code, message, { cause: error })
}
