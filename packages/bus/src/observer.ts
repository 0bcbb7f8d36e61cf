// Who wants to know what a bus does, for metrics. The bus itself knows no library for them.
import { type Context, isSlipwayError } from '@slipway/contracts'

/** Called in the bus's own turn: must be quick and must not throw. */
export interface BusObserver {
  /** A bus of a service exists; `isConnected` tells at any time whether requests can be sent. */
  connected(service: Context, isConnected: () => boolean): void
  /** A question is asked. @returns to be called with `ok` or the error's code when it was answered */
  asked(subject: string): (outcome: string) => void
  /** A question arrived. @returns to be called with `ok` or the error's code when it was answered */
  served(subject: string): (outcome: string) => void
}

const ignore = () => undefined

/** For a bus that nobody observes. */
export const noObserver: BusObserver = { connected: ignore, asked: () => ignore, served: () => ignore }

/** How a failed question is named: by its code, and all that nobody foresaw alike. */
export function outcomeOf(error: unknown): string {
  return isSlipwayError(error) ? error.code : 'INTERNAL_UNEXPECTED'
}
