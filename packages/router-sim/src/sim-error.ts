/** An error of the simulator with a stable code; test codes, never classes or messages. */
export interface SimError extends Error {
  readonly code: SimErrorCode
}

/** Everything that can go wrong on the programming side of the simulator (devices fail with texts instead). */
export type SimErrorCode =
  | 'SIM_FAULT_INVALID'
  | 'SIM_OPTION_INVALID'
  | 'SIM_PACKAGE_INVALID'
  | 'SIM_PORT_UNAVAILABLE'
  | 'SIM_SESSION_CLOSED'
  | 'SIM_NOT_FOUND'

/** Makes a {@link SimError}. */
export function simError(code: SimErrorCode, message: string): SimError {
  return Object.assign(new Error(message), { code })
}

/** True when `error` carries `code`. */
export function hasSimCode(error: unknown, code: SimErrorCode): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
