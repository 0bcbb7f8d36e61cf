// Fills free slots: first with runs that another executor left behind, then with work the scheduler offers. Looks at
// start, when work may be ready, when a run has ended, when the next job is due, and every few seconds for leases
// that ran out. One look at a time; a look that found nothing is not repeated at once, so it never spins. Claimed jobs
// are recorded while the next look is under way; until then they take their places. A scheduler that owes an answer keeps
// nobody from looking for leases: how soon a lost executor is noticed must not hang on it.
import { randomUUID } from 'node:crypto'
import type { Bus } from '@slipway/bus'
import { type ClaimedJob, schedulerMessages } from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import type { Logger } from 'pino'
import type { ExecutorMetrics } from '../executor-metrics.ts'
import type { ActiveRun, ActiveRuns } from './active-runs.ts'
import { createConfirmation } from './confirm-service.ts'
import { type LeaseEnd, leaseEndFrom } from './lease.ts'
import type { LeaseTimes, Run } from './run.ts'
import { runLogger } from './run-logger.ts'
import type { RunStore } from './run-store.ts'

/** After a look in vain the next one comes no sooner, even if a job is due: it waits for a limit or another host. */
const LEAST_REST_MS = 1_000
const LONGEST_REST_MS = 60_000
const LARGEST_CLAIM = 250
/** After claimed jobs could not be recorded: whoever keeps claiming then keeps jobs from executors that can. */
const TROUBLE_REST_MS = 5_000
/**
 * A full executor still takes over what another left behind, up to this many times its limit: a router may stand in
 * the middle of an operation, and its job would wait until something ends here.
 */
const ROOM_FOR_LEFT_BEHIND = 2

export interface DispatchDeps {
  executorId: string
  bus: Pick<Bus, 'request'>
  runs: ActiveRuns
  store: Pick<RunStore, 'record' | 'start' | 'drop' | 'takeOver' | 'release'>
  clock: Clock
  times: LeaseTimes
  /** Runs at a time, beside those that others left behind. */
  concurrency: number
  sweepMs: number
  log: Logger
  metrics: Pick<ExecutorMetrics, 'begun'>
  /** Gives a run back, so that another executor takes it over at once; never rejects. */
  giveBack: (run: Run) => Promise<void>
  /** Does the work of a run that has started, to its end; never rejects. */
  perform: (active: ActiveRun) => Promise<void>
}

export interface Dispatch {
  /** Work may be ready: look now. */
  wake(): void
  /** Somebody gave a run back: look for it now. */
  wakeToTakeOver(): void
  /** Takes nothing new from now on. */
  stop(): Promise<void>
}

export function startDispatch(deps: DispatchDeps): Dispatch {
  const { runs, store, log, clock } = deps
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let again = false
  let stopped = false
  let requestId: string | undefined
  const givenBack: Promise<void>[] = []
  /** Jobs that were claimed and are not recorded yet. */
  let unrecorded = 0
  const recordings = new Set<Promise<void>>()
  /** Places that a question under way may fill. */
  let asked = 0
  let sweeping: Promise<void> | undefined
  /** When to look next for runs without a lease, and when to ask the scheduler, by the monotonic clock. */
  let sweepAt = 0
  let claimAt = 0
  /** No jobs are asked for before. */
  let troubledUntil = 0

  const confirm = createConfirmation(deps)
  const places = (limit: number) => (stopped ? 0 : Math.max(0, limit - runs.count() - unrecorded - asked))
  const free = () => places(deps.concurrency)
  const spare = () => places(deps.concurrency * ROOM_FOR_LEFT_BEHIND)

  const begin = (run: Run, end: LeaseEnd) => {
    // It was on its way when we were told to stop: nobody else would touch it before its lease has run out.
    if (stopped) return void givenBack.push(deps.giveBack(run))
    runs.begin(run, end, async (active) => {
      try {
        if (await confirm(active)) await deps.perform(active)
      } catch (error) {
        runLogger(log, run).error({ err: error }, 'a run could not be started; it is left to be taken over')
      } finally {
        setImmediate(wake)
      }
    })
  }

  const takeOver = async (): Promise<void> => {
    const end = leaseEndFrom(clock, deps.times.leaseMs)
    const found = await store.takeOver(deps.executorId, spare())
    for (const { run, expired } of found) {
      deps.metrics.begun(expired ? 'expired' : 'released')
      runLogger(log, run).info({ expired }, 'takes over a run')
      const earlier = runs.find(run.jobId)
      // This very process may have lost it: its own earlier attempt ends first.
      earlier?.control.interrupt('lost')
      if (earlier === undefined) begin(run, end)
      else void earlier.ended.then(() => begin(run, end))
    }
  }

  /** Takes over what nobody holds, if it is time to look; one at a time. */
  const sweep = (): Promise<void> => {
    if (sweeping !== undefined) return sweeping
    if (spare() === 0 || clock.monotonicMs() < sweepAt) return Promise.resolve()
    sweepAt = clock.monotonicMs() + deps.sweepMs
    sweeping = takeOver().finally(() => {
      sweeping = undefined
    })
    return sweeping
  }
  const sweepMeanwhile = (): void => {
    sweep().catch((error: unknown) => log.debug({ err: error }, 'no run can be taken over at the moment'))
  }

  /** @returns milliseconds until the next job is due */
  const claim = async (): Promise<number> => {
    const wanted = Math.min(free(), LARGEST_CLAIM)
    if (wanted === 0) return LONGEST_REST_MS
    // The same id until it is answered: jobs handed out in a lost answer are handed out again.
    requestId ??= randomUUID()
    const question = { executorId: deps.executorId, requestId, free: wanted }
    asked = wanted
    const sweeps = setInterval(sweepMeanwhile, deps.sweepMs)
    const answer = deps.bus.request(schedulerMessages.claimRuns, question)
    const { jobs, nextDueInMs } = await answer.finally(() => {
      clearInterval(sweeps)
      asked = 0
    })
    requestId = undefined
    if (jobs.length > 0) record(jobs)
    return jobs.length === wanted ? 0 : Math.max(nextDueInMs, LEAST_REST_MS)
  }
  /** What cannot be recorded is not confirmed either, and is offered again. */
  const record = (jobs: readonly ClaimedJob[]): void => {
    unrecorded += jobs.length
    const end = leaseEndFrom(clock, deps.times.leaseMs)
    const recording = store
      .record(deps.executorId, jobs)
      .catch((error: unknown) => {
        troubledUntil = clock.monotonicMs() + TROUBLE_REST_MS
        log.warn(
          { err: error, jobs: jobs.length },
          'claimed jobs could not be recorded; they are offered again',
        )
        return []
      })
      .then((recorded) => {
        // In one turn: from now on they count as runs.
        unrecorded -= jobs.length
        recordings.delete(recording)
        for (const run of recorded) {
          deps.metrics.begun('claimed')
          begin(run, end)
        }
      })
    recordings.add(recording)
  }

  const look = async (): Promise<void> => {
    try {
      await sweep()
      if (clock.monotonicMs() >= Math.max(claimAt, troubledUntil)) {
        claimAt = clock.monotonicMs() + LEAST_REST_MS
        claimAt = clock.monotonicMs() + (await claim())
      }
    } catch (error) {
      log.debug({ err: error }, 'no work can be asked for at the moment')
    }
  }
  const rest = (): void => {
    looking = undefined
    if (stopped) return
    if (again) {
      wake()
      return
    }
    const next =
      Math.min(spare() > 0 ? sweepAt : Infinity, Math.max(claimAt, troubledUntil)) - clock.monotonicMs()
    timer = setTimeout(start, Math.max(next, 1))
  }

  function start(): void {
    if (stopped || looking !== undefined) return
    clearTimeout(timer)
    looking = look().then(rest)
  }

  function wake(): void {
    again = looking !== undefined
    if (again) return
    claimAt = 0
    start()
  }

  start()
  return {
    wake,
    wakeToTakeOver() {
      sweepAt = 0
      sweepMeanwhile()
      wake()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await looking
      await sweeping?.catch(() => undefined)
      await Promise.all(recordings)
      await Promise.all(givenBack)
    },
  }
}
