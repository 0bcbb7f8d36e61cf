// Asking another service on behalf of a job.
import { isSlipwayError } from '@slipway/contracts'
import { actionFailure } from '../actions/failure.ts'
import { pauseRun, type RunControl } from '../runs/run-control.ts'

/** A service that restarts must not fail jobs; one that stays away for so long does. */
const PATIENCE_TRIES = 150
const PAUSE_MS = 2_000

/** Asks again while the answer is that it may be tried again. Any other error fails the job with its message. */
export async function askPatiently<T>(
  service: string,
  control: RunControl,
  ask: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      control.check()
      if (!isSlipwayError(error)) throw error
      if (!error.retryable) throw actionFailure(error.message)
      if (attempt === PATIENCE_TRIES) throw actionFailure(`${service} is not available. ${error.message}`)
      await pauseRun(control, PAUSE_MS)
    }
  }
}
