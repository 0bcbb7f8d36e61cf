// Cancellation of a job in progress. The request is on record before it is answered, and reaches the executors by
// delivery; how the run ends is theirs to tell. A run that completes before it is stopped is completed.
import {
  createError,
  executorDeliveries,
  type PayloadOf,
  type ReplyOf,
  type schedulerMessages,
} from '@slipway/contracts'
import { enqueue } from '@slipway/database'
import type { Clock, Logger } from '@slipway/service-kit'
import { settle } from '../runs/settle.ts'
import type { SchedulerMetrics } from '../scheduler-metrics.ts'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import { stateInWords } from './job.ts'
import { type CancelRequest, type ChangingJob, endUnstarted, noteCancel } from './job-change-store.ts'
import { type AskedBy, lockJobAndHost } from './job-resubmit-service.ts'

export interface CancelDeps {
  store: SchedulerStore
  clock: Pick<Clock, 'now'>
  /** There is something to deliver, or a host is free. */
  changed: () => void
  /** Finished jobs kept per host. */
  historyPerHost: number
  metrics: Pick<SchedulerMetrics, 'cancelled' | 'ended'>
  log: Logger
}

export type CancelJob = (id: number, by: AskedBy) => Promise<ReplyOf<typeof schedulerMessages.cancelJob>>

/** `ended`: it was not started; `asked`: its executor is told; `again`: that had happened before. */
type Effect = 'ended' | 'asked' | 'again'

export function createJobCancellation(deps: CancelDeps): CancelJob {
  const { store, clock, changed, metrics, log } = deps
  return async (id, { user, requestId }) => {
    const { job, effect } = await store.transact((tx) =>
      cancelOne(tx, { id, user, now: clock.now(), requestId }, deps.historyPerHost),
    )
    changed()
    if (effect !== 'again') metrics.cancelled(job.action)
    if (effect === 'ended') metrics.ended(job.action, 'failed')
    log.info({ requestId, user, jobId: id, effect, jobRequest: job.requestId }, 'a job is to be cancelled')
    return { hostname: job.hostname, action: job.action }
  }
}

async function cancelOne(
  tx: Db,
  request: CancelRequest & { requestId: string },
  historyPerHost: number,
): Promise<{ job: ChangingJob; effect: Effect }> {
  const { id } = request
  const job = await lockJobAndHost(tx, id)
  // Whoever asks again, perhaps because the first answer was lost, has what they want.
  if (job.cancelRequested && (job.status === 'in-progress' || job.status === 'failed')) {
    return { job, effect: 'again' }
  }
  if (job.status !== 'in-progress') {
    throw createError('SCHEDULER_CANCEL_STATE', [id, stateInWords(job.status)])
  }
  await noteCancel(tx, request)
  if (job.confirmed) {
    await tellExecutors(tx, job, request)
    return { job, effect: 'asked' }
  }
  // A confirmation that comes now is refused, so the executor drops the run without having begun it.
  await endUnstarted(tx, request)
  const { hostId, action, requestId } = job
  await settle(tx, [{ id, hostId, kind: 'install', outcome: 'failed', action, requestId }], historyPerHost)
  return { job, effect: 'ended' }
}

async function tellExecutors(
  tx: Db,
  { submission }: ChangingJob,
  { id, user, requestId }: CancelRequest & { requestId: string },
): Promise<void> {
  const { subject } = executorDeliveries.cancelRun
  const payload: PayloadOf<typeof executorDeliveries.cancelRun> = {
    jobId: id,
    submission,
    requestedBy: user,
    requestId,
  }
  await enqueue(tx, { subject, payload })
}
