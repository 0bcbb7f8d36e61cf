// Ends runs. State, job event and deliveries are one transaction: what the scheduler is told is what is recorded,
// once, and an executor that lost the run tells nothing.
import type { Bus } from '@slipway/bus'
import {
  type Discovery,
  executorEvents,
  inventoryDeliveries,
  type PayloadOf,
  schedulerDeliveries,
} from '@slipway/contracts'
import { enqueueMany, isDataError, type NewDelivery } from '@slipway/database'
import { createBatcher } from '@slipway/service-kit'
import type { Logger } from 'pino'
import { storable } from '../actions/device-text.ts'
import type { ExecutorStore } from '../executor-store.ts'
import type { ActiveRun } from './active-runs.ts'
import type { Run, RunResult } from './run.ts'
import { pauseRun } from './run-control.ts'
import { runLogger } from './run-logger.ts'
import type { EndedRun, RunStore } from './run-store.ts'

/** What a run saw of its host. */
export interface Sight {
  discovery?: Discovery
  observedAt?: Date
}

export interface ResultService {
  /** Ends the run with a result; tries again while the database is away. */
  record(active: ActiveRun, result: RunResult, seen: Sight): Promise<void>
  /** Gives the run to whoever comes next. */
  release(active: ActiveRun): Promise<void>
}

export interface ResultServiceDeps {
  store: ExecutorStore
  runs: RunStore
  bus: Pick<Bus, 'publish'>
  /** Deliveries were committed. */
  kick: () => void
  log: Logger
}

const RETRY_MS = 2_000
/** Ends of runs that share a transaction at most. */
const BATCH = 100
const LONGEST_STATUS = 1_000
const LONGEST_TRACE = 32_000
const CUT = '\n…\n'

export function createResultService({ store, runs, bus, kick, log }: ResultServiceDeps): ResultService {
  const ends = createBatcher<Ended, boolean>({
    limit: BATCH,
    isolates: isDataError,
    run: (batch) =>
      store.transact(async (tx) => {
        const times = await runs.end(tx, batch)
        await enqueueMany(
          tx,
          batch.flatMap((ended, index) => deliveriesOf(ended, times[index])),
        )
        return times.map((time) => time !== undefined)
      }),
  })
  return {
    async record(active, result, seen) {
      const { run, control } = active
      const tidy = tidyResult(result)
      for (;;) {
        try {
          if (await ends.add({ run, result: tidy, seen })) kick()
          else runLogger(log, run).warn('somebody else has the run; its result is dropped')
          return
        } catch (error) {
          runLogger(log, run).warn({ err: error }, 'a result cannot be recorded at the moment')
          // What came out stands; who cancels it now is too late.
          control.acceptCancel()
          const stop = await pauseRun(control, RETRY_MS).then(
            () => false,
            () => true,
          )
          // Whoever takes the run over finds in the journal what was done.
          if (stop) return
        }
      }
    },
    async release(active) {
      const { run } = active
      try {
        await runs.release(run)
        bus.publish(executorEvents.runReleased, { jobId: run.jobId })
      } catch (error) {
        runLogger(log, run).warn({ err: error }, 'a run could not be released; its lease will run out')
      }
    },
  }
}

interface Ended {
  readonly run: Run
  readonly result: RunResult
  readonly seen: Sight
}

/** What is told of a run that ended; nothing of one that is somebody else's. */
function deliveriesOf({ run, result, seen }: Ended, times: EndedRun | undefined): NewDelivery[] {
  return times === undefined ? [] : [resultDelivery(run, result, times), ...discoveryDelivery(run, seen)]
}

function tidyResult(result: RunResult): RunResult {
  return {
    outcome: result.outcome,
    statusMessage: storable(result.statusMessage).slice(0, LONGEST_STATUS),
    trace: middleCut(storable(result.trace)),
    warnings: result.warnings.map(storable),
    packageChanges: result.packageChanges.map(storable),
  }
}

/** Of a long text beginning and end matter. */
function middleCut(text: string): string {
  if (text.length <= LONGEST_TRACE) return text
  const half = (LONGEST_TRACE - CUT.length) / 2
  return text.slice(0, half) + CUT + text.slice(-half)
}

function resultDelivery(run: Run, result: RunResult, times: EndedRun): NewDelivery {
  const payload: PayloadOf<typeof schedulerDeliveries.recordResult> = {
    jobId: run.jobId,
    submission: run.submission,
    outcome: result.outcome,
    statusMessage: result.statusMessage,
    trace: result.trace,
    warnings: [...result.warnings],
    packageChanges: [...result.packageChanges],
    startedAt: times.startedAt.toISOString(),
    finishedAt: times.endedAt.toISOString(),
  }
  return { subject: schedulerDeliveries.recordResult.subject, payload }
}

function discoveryDelivery(run: Run, { discovery, observedAt }: Sight): NewDelivery[] {
  if (discovery === undefined || observedAt === undefined) return []
  const { hostId } = run.job
  const payload: PayloadOf<typeof inventoryDeliveries.recordDiscovery> = {
    hostId,
    observedAt: observedAt.toISOString(),
    discovery,
  }
  return [{ subject: inventoryDeliveries.recordDiscovery.subject, payload, orderingKey: `host ${hostId}` }]
}
