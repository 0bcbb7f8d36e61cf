// Ends runs. State, job event and deliveries are one transaction: what the scheduler is told is what is recorded,
// once, and an executor that lost the run tells nothing.
import type { Bus } from '@slipway/bus'
import {
  type Discovery,
  executorEvents,
  inventoryDeliveries,
  type PayloadOf,
  schedulerDeliveries,
  type RunResult as ToldResult,
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
  release(run: Run): Promise<void>
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
const BATCH = 250
/** Characters of traces and warnings in one delivery. */
const PORTION = 1_000_000
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
        await enqueueMany(tx, deliveriesOf(batch, times))
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
    async release(run) {
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

/** What is told of runs that ended; nothing of one that is somebody else's. */
function deliveriesOf(batch: readonly Ended[], times: readonly (EndedRun | undefined)[]): NewDelivery[] {
  const results: ToldResult[] = []
  const discoveries: NewDelivery[] = []
  for (const [index, { run, result, seen }] of batch.entries()) {
    const time = times[index]
    if (time === undefined) continue
    results.push(toldResult(run, result, time))
    discoveries.push(...discoveryDelivery(run, seen))
  }
  const { subject } = schedulerDeliveries.recordResults
  return [...portions(results).map((portion) => ({ subject, payload: { results: portion } })), ...discoveries]
}

/** Results by messages of a size that travels well: usually one, more where routers had much to say. */
function portions(results: readonly ToldResult[]): ToldResult[][] {
  const found: ToldResult[][] = []
  let room = 0
  for (const result of results) {
    const size = result.trace.length + result.warnings.reduce((sum, { length }) => sum + length, 0)
    if (size > room || found.length === 0) {
      found.push([])
      room = PORTION
    }
    found.at(-1)?.push(result)
    room -= size
  }
  return found
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

function toldResult(run: Run, result: RunResult, times: EndedRun): ToldResult {
  return {
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
