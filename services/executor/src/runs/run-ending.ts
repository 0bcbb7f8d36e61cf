// How a run ends, from whatever was thrown out of it. Server internals never get into a result: a bug is one
// sentence for the user and an entry in the executor's own log.
import { isActionFailure } from '../actions/failure.ts'
import type { RunResult } from './run.ts'
import { isRunInterrupted } from './run-control.ts'

/** leave: no result now; the run is somebody else's, or will be. */
export type Ending = { readonly kind: 'result'; readonly result: RunResult } | { readonly kind: 'leave' }

/** The database did not take something a run needs: it is left to be taken over. */
export interface StoreAway extends Error {
  readonly code: 'RUN_STORE_AWAY'
}

function storeAway(cause: unknown): StoreAway {
  return Object.assign(new Error('the executor database is not available', { cause }), {
    code: 'RUN_STORE_AWAY',
  } as const)
}

export function isStoreAway(error: unknown): error is StoreAway {
  return error instanceof Error && 'code' in error && error.code === 'RUN_STORE_AWAY'
}

const failed = (statusMessage: string, trace = '') =>
  ({ outcome: 'failed', statusMessage, trace, warnings: [], packageChanges: [] }) as const

/** Does something with the database; trouble with it is told apart from everything else. */
export async function withStore<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isRunInterrupted(error)) throw error
    throw storeAway(error)
  }
}

/** What a device error is called in front of users. */
const deviceMeanings: Readonly<Record<string, string>> = {
  DEVICE_UNREACHABLE: 'Unable to reach the device',
  DEVICE_CONNECTION_REFUSED: 'The device refused the connection',
  DEVICE_AUTH_FAILED: 'The device refused the login',
  DEVICE_TIMEOUT: 'The device did not answer in time',
  DEVICE_DISCONNECTED: 'The device closed the connection',
  DEVICE_PROMPT_LOST: 'The session with the device was lost',
  DEVICE_STANDBY: 'The device is a standby route processor',
  DEVICE_NOT_GLOBAL_MODE: 'The device is not in global mode',
  DEVICE_PASSWORD_EXPIRED: 'The password of the device has expired',
  DEVICE_UNSUPPORTED: 'The device is not supported',
  JUMP_HOST_UNREACHABLE: 'Unable to reach the device',
  JUMP_HOST_AUTH_FAILED: 'Unable to reach the device',
  JUMP_HOST_FORWARDING_REFUSED: 'Unable to reach the device',
}

/** The ending for a thrown value; undefined for one that nobody expected. */
export function endingOf(error: unknown): Ending | undefined {
  if (isRunInterrupted(error) || isStoreAway(error)) return { kind: 'leave' }
  if (isActionFailure(error)) return { kind: 'result', result: failed(error.message, error.trace) }
  const device = deviceFailure(error)
  return device === undefined ? undefined : { kind: 'result', result: device }
}

function deviceFailure(error: unknown): RunResult | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const meaning = deviceMeanings[error.code]
  if (meaning === undefined) return undefined
  const text = 'deviceText' in error && typeof error.deviceText === 'string' ? error.deviceText : ''
  return failed(`${meaning}: ${error.message}`, text)
}

/** The result for a bug: nothing of it is shown. */
export const unexpectedEnding: Ending = {
  kind: 'result',
  result: failed('An unexpected error occurred in the executor. Its log has the details.'),
}

/** The result of a run that somebody cancelled. @param happened what is known of the router */
export function cancelledEnding(by: string, happened: string, trace = ''): Ending {
  return { kind: 'result', result: failed(`${by} ${happened}`, trace) }
}

/** The result of a run that was interrupted too often. */
export function exhaustedEnding(attempts: number): Ending {
  return { kind: 'result', result: failed(`The run was interrupted ${attempts} times and is given up.`) }
}
