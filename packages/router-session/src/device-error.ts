// Trouble on the way to or with a device. A refused command is a result, never one of these.
// Switch on `code`; `message` is for people; `deviceText` holds the device's own last words, secrets masked.

/** Every code a session can fail with. */
export const deviceErrorCodes = [
  'DEVICE_UNREACHABLE',
  'DEVICE_CONNECTION_REFUSED',
  'DEVICE_AUTH_FAILED',
  'DEVICE_TIMEOUT',
  'DEVICE_DISCONNECTED',
  'DEVICE_PROMPT_LOST',
  'DEVICE_STANDBY',
  'DEVICE_NOT_GLOBAL_MODE',
  'DEVICE_PASSWORD_EXPIRED',
  'DEVICE_ABORTED',
  'DEVICE_UNSUPPORTED',
] as const

export type DeviceErrorCode = (typeof deviceErrorCodes)[number]

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
