// Confirmation of recorded runs with the scheduler, many in one question; those that stand may act.
import type { Bus } from '@slipway/bus'
import { schedulerMessages } from '@slipway/contracts'
import { isDataError } from '@slipway/database'
import { createBatcher } from '@slipway/service-kit'
import type { Logger } from 'pino'
import type { ActiveRun } from './active-runs.ts'
import type { Run } from './run.ts'
import { pauseRun, type RunControl } from './run-control.ts'
import { runLogger } from './run-logger.ts'
import type { RunStore, StartedRun } from './run-store.ts'

/** Runs that are confirmed by one question at most. */
const CONFIRM_BATCH = 250
/** The scheduler offers an unconfirmed job again after 15 s; until then it is worth trying. */
const CONFIRM_TRIES = 4
const CONFIRM_PAUSE_MS = 1_500

export interface ConfirmDeps {
  bus: Pick<Bus, 'request'>
  store: Pick<RunStore, 'start' | 'drop' | 'release'>
  log: Logger
}

/** Tells the scheduler that a run is recorded, and starts it. @returns false if it is not ours to do */
export type Confirm = (active: ActiveRun) => Promise<boolean>

export function createConfirmation(deps: ConfirmDeps): Confirm {
  const { store, log } = deps
  const starts = createBatcher<Run, Start>({
    limit: CONFIRM_BATCH,
    run: (batch) => confirmAndStart(deps, batch),
    isolates: isDataError,
  })
  return async ({ run, control }) => {
    if (run.state === 'running') return true
    for (let attempt = 1; ; attempt += 1) {
      try {
        const started = await starts.add(run)
        if (started === 'gone') {
          runLogger(log, run).info('a claimed run is no longer offered and is dropped')
          await store.drop(run)
          return false
        }
        if (started?.cancelledBy !== undefined) control.cancel({ by: started.cancelledBy })
        return started !== undefined
      } catch {
        if (attempt === CONFIRM_TRIES || !mayGoOn(control)) {
          // It may have been confirmed all the same (the answer was lost), so it is not dropped but tried again later.
          await store.release(run)
          return false
        }
        await pauseRun(control, CONFIRM_PAUSE_MS).catch(() => undefined)
      }
    }
  }
}

/** What becomes of a recorded run: it may act, is somebody else's by now, or nobody wants it any more. */
type Start = StartedRun | 'gone' | undefined

/** Tells the scheduler of recorded runs in one question, and starts those that stand in one statement. */
async function confirmAndStart({ bus, store }: ConfirmDeps, runs: readonly Run[]): Promise<Start[]> {
  // The name of whoever claimed it: after a take-over the scheduler knows the job under that name.
  const asked = runs.map(({ claimedBy, jobId, submission }) => ({ executorId: claimedBy, jobId, submission }))
  const { rows } = await bus.request(schedulerMessages.confirmRuns, { rows: asked })
  const stands = (_run: Run, index: number) => rows[index]?.error?.code !== 'SCHEDULER_RUN_GONE'
  const standing = runs.filter(stands)
  const started = standing.length === 0 ? [] : await store.start(standing)
  const rest = started.values()
  return runs.map((run, index) => (stands(run, index) ? rest.next().value : 'gone'))
}

/** A cancelled run is confirmed like any other, so that its end is told. */
function mayGoOn(control: RunControl): boolean {
  const interrupted = control.interrupted()
  return interrupted === undefined || interrupted === 'cancelled'
}
