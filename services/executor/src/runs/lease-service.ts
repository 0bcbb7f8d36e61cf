// Keeps the leases of all own runs alive, in one statement. A database that does not answer is asked again soon; the
// runs go on reading but send nothing once their lease is in doubt.
import type { Clock } from '@slipway/service-kit'
import type { Logger } from 'pino'
import type { ExecutorMetrics } from '../executor-metrics.ts'
import type { ActiveRuns } from './active-runs.ts'
import { leaseEndFrom } from './lease.ts'
import type { LeaseTimes } from './run.ts'
import { runLogger } from './run-logger.ts'
import type { RunStore } from './run-store.ts'

/** After a failed renewal the next try comes sooner than the regular one. */
const RETRY_MS = 2_000

export interface LeaseServiceDeps {
  runs: ActiveRuns
  store: Pick<RunStore, 'renew'>
  clock: Clock
  times: LeaseTimes
  log: Logger
  metrics: Pick<ExecutorMetrics, 'renewalFailed'>
}

/** Starts renewing. @returns how to stop it; a renewal under way is waited for */
export function startLeaseService(deps: LeaseServiceDeps): () => Promise<void> {
  const { runs, store, clock, times, log, metrics } = deps
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let current: Promise<void> = Promise.resolve()

  const renew = async (): Promise<void> => {
    const renewed = runs.all()
    if (renewed.length === 0) return
    const end = leaseEndFrom(clock, times.leaseMs)
    const keys = renewed.map((active) => active.run)
    const kept = new Map((await store.renew(keys)).map((key) => [key.jobId, key]))
    for (const active of renewed) {
      const key = kept.get(active.run.jobId)
      if (key?.attempt === active.run.attempt) {
        active.leaseEnd = end
        // Told at once by an event, but an event may be lost.
        if (key.cancelledBy !== undefined) active.control.cancel({ by: key.cancelledBy })
      } else if (runs.find(active.run.jobId) === active) {
        runLogger(log, active.run).warn('the lease of a run is lost')
        active.control.interrupt('lost')
      }
    }
  }
  const turn = async (): Promise<void> => {
    let nextMs = times.renewMs
    try {
      await renew()
    } catch (error) {
      nextMs = Math.min(RETRY_MS, times.renewMs)
      metrics.renewalFailed()
      log.warn({ err: error }, 'leases could not be renewed')
    }
    if (!stopped) timer = setTimeout(begin, nextMs)
  }
  const begin = () => {
    current = turn()
  }
  timer = setTimeout(begin, times.renewMs)
  return async () => {
    stopped = true
    clearTimeout(timer)
    await current
  }
}
