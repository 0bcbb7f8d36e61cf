// Signals that end by themselves at a deadline, or together when the bus closes. AbortSignal.any is not used: with
// one long-lived source signal it keeps every derived signal in Node 20.
import { createError, isSlipwayError, type SlipwayError } from '@slipway/contracts'

/** One wait: of a caller for its reply, or of a handler until its caller stops waiting. */
export interface Wait {
  readonly signal: AbortSignal
  /** Ends the wait and frees its timer. */
  end(): void
}

export interface Waits {
  /** Starts a wait that is aborted with BUS_TIMEOUT after timeoutMs, or when `outer` is. */
  start(timeoutMs: number, outer?: AbortSignal): Wait
  /** Aborts all waits with a reason. */
  abortAll(reason: SlipwayError): void
}

/** An error with a code for whatever a signal was aborted with. */
function abortError(reason: unknown): SlipwayError {
  return isSlipwayError(reason) ? reason : createError('BUS_TIMEOUT', [], reason)
}

export function createWaits(): Waits {
  const controllers = new Set<AbortController>()
  return {
    start(timeoutMs, outer) {
      const controller = new AbortController()
      controllers.add(controller)
      const timer = setTimeout(() => controller.abort(createError('BUS_TIMEOUT')), timeoutMs)
      const onOuter = () => controller.abort(abortError(outer?.reason))
      if (outer?.aborted) onOuter()
      outer?.addEventListener('abort', onOuter, { once: true })
      return {
        signal: controller.signal,
        end() {
          clearTimeout(timer)
          outer?.removeEventListener('abort', onOuter)
          controllers.delete(controller)
        },
      }
    },
    abortAll(reason) {
      for (const controller of controllers) controller.abort(reason)
    },
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
