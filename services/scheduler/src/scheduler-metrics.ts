// What the scheduler counts. Gauges of the queue are read from the database when somebody scrapes.
import { type InstallAction, switchScopes } from '@slipway/contracts'
import { counter, histogram, type Metrics, scrapedGauges } from '@slipway/service-kit'
import { countByReason, type QueueCounts, waitReasons } from './runs/queue.ts'
import type { Limits } from './runs/run.ts'

/** An install action, or what the scheduler itself wants done. */
type JobAction = InstallAction | 'Discovery'

export interface SchedulerMetrics {
  /** Jobs were created. */
  created(actions: readonly InstallAction[]): void
  /** An executor has a run on record, so long after it could have started. */
  started(secondsAfterDue: number): void
  /** A run ended. @param action undefined for a discovery */
  ended(action: InstallAction | undefined, outcome: 'completed' | 'failed'): void
  /** A failed job is to run again. */
  resubmitted(action: InstallAction): void
  /** A job in progress is to stop. */
  cancelled(action: InstallAction): void
  /** Claims that nobody confirmed were offered again. */
  offeredAgain(claims: number): void
}

/** Seconds from "could start" to "an executor has it". */
const startBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200]

export interface SchedulerMetricsOptions {
  readQueue: (now: Date) => Promise<QueueCounts>
  now: () => Date
  limits: Limits
}

export function createSchedulerMetrics(metrics: Metrics, options: SchedulerMetricsOptions): SchedulerMetrics {
  addQueue(metrics, options)
  const created = counter(metrics, {
    name: 'slipway_scheduler_jobs_created_total',
    help: 'Jobs that users created, by install action.',
    labels: ['action'],
  })
  const ended = counter(metrics, {
    name: 'slipway_scheduler_jobs_ended_total',
    help: 'Jobs that ended, by action (Discovery: looks at hosts) and outcome (completed, failed).',
    labels: ['action', 'outcome'],
  })
  const start = histogram(metrics, {
    name: 'slipway_scheduler_due_to_start_seconds',
    help: 'From the moment a job could start (due, dependency met, host free) until an executor had it.',
    buckets: startBuckets,
  })
  const offered = counter(metrics, {
    name: 'slipway_scheduler_claims_expired_total',
    help: 'Jobs that an executor took and did not confirm in time; they were offered again.',
  })
  const resubmitted = counter(metrics, {
    name: 'slipway_scheduler_jobs_resubmitted_total',
    help: 'Failed jobs that users resubmitted, by install action.',
    labels: ['action'],
  })
  const cancelled = counter(metrics, {
    name: 'slipway_scheduler_jobs_cancelled_total',
    help: 'Running jobs that users cancelled, by install action; one may complete all the same.',
    labels: ['action'],
  })
  const actionOf = (action: InstallAction | undefined): JobAction => action ?? 'Discovery'
  return {
    created(actions) {
      for (const action of actions) created.inc({ action })
    },
    started: (seconds) => start.observe(Math.max(0, seconds)),
    ended: (action, outcome) => ended.inc({ action: actionOf(action), outcome }),
    resubmitted: (action) => resubmitted.inc({ action }),
    cancelled: (action) => cancelled.inc({ action }),
    offeredAgain: (claims) => offered.inc(claims),
  }
}

function addQueue(metrics: Metrics, { readQueue, now, limits }: SchedulerMetricsOptions): void {
  scrapedGauges(metrics, {
    async read() {
      const at = now()
      return { at, counts: await readQueue(at) }
    },
    gauges: [
      {
        name: 'slipway_scheduler_jobs_waiting',
        help: 'Scheduled jobs by what they wait for: scheduled-time, dependency, paused, host, limit, executor.',
        labels: ['reason'],
        set({ counts }, put) {
          const byReason = countByReason(counts, limits)
          for (const reason of waitReasons) put(byReason[reason], { reason })
        },
      },
      {
        name: 'slipway_scheduler_jobs_running',
        help: 'Jobs in progress, by kind (install, inventory: a discovery).',
        labels: ['kind'],
        set({ counts }, put) {
          for (const kind of ['install', 'inventory'] as const) {
            const ofKind = counts.running.filter((one) => one.kind === kind)
            put(
              ofKind.reduce((total, { jobs }) => total + jobs, 0),
              { kind },
            )
          }
        },
      },
      {
        name: 'slipway_scheduler_switches_paused',
        help: 'Dispatch switches that are paused, by scope (global, region, host).',
        labels: ['scope'],
        set({ counts }, put) {
          for (const scope of switchScopes) {
            put(counts.switches.find((one) => one.scope === scope)?.paused ?? 0, { scope })
          }
        },
      },
      {
        name: 'slipway_scheduler_oldest_due_seconds',
        help: 'For how long the job that has waited longest could have started by its scheduled time; 0 if none.',
        set: ({ at, counts }, put) =>
          put(counts.oldestDue === undefined ? 0 : (at.getTime() - counts.oldestDue.getTime()) / 1_000),
      },
    ],
  })
}
