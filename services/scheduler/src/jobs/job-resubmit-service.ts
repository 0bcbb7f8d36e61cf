// Resubmission: a failed job runs again under its id, and what waits for it goes on when it completes.
import { createError, type ReplyOf, type RequestOf, schedulerMessages } from '@slipway/contracts'
import type { Clock, Logger } from '@slipway/service-kit'
import { lockHosts } from '../hosts/host-store.ts'
import { refreshHosts } from '../hosts/place-store.ts'
import type { SchedulerMetrics } from '../scheduler-metrics.ts'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import { stateInWords } from './job.ts'
import { type ChangingJob, lockJob, type Resubmission, resubmit } from './job-change-store.ts'
import { findJob } from './job-delete-store.ts'

export interface ResubmitDeps {
  store: SchedulerStore
  clock: Pick<Clock, 'now'>
  /** A job may be due: look. */
  changed: () => void
  metrics: Pick<SchedulerMetrics, 'resubmitted'>
  log: Logger
}

/** Who asks, by which request. */
export interface AskedBy {
  user: string
  requestId: string
}

export type ResubmitJob = (
  request: RequestOf<typeof schedulerMessages.resubmitJob>,
  by: AskedBy,
) => Promise<ReplyOf<typeof schedulerMessages.resubmitJob>>

export function createJobResubmission({ store, clock, changed, metrics, log }: ResubmitDeps): ResubmitJob {
  return async ({ id, scheduledTime }, { user, requestId }) => {
    const at = scheduledTime === undefined ? clock.now() : new Date(scheduledTime)
    if (!Number.isFinite(at.getTime())) {
      const { subject } = schedulerMessages.resubmitJob
      throw createError('BUS_INVALID_PAYLOAD', [subject, 'scheduledTime is no moment'])
    }
    const job = await store.transact((tx) => resubmitOne(tx, { id, scheduledTime: at, requestId }))
    changed()
    metrics.resubmitted(job.action)
    log.info(
      { requestId, user, jobId: id, submission: job.submission + 1, earlierRequest: job.requestId },
      'a job was resubmitted',
    )
    return { hostname: job.hostname, action: job.action }
  }
}

/** @returns the job as it was before */
async function resubmitOne(tx: Db, resubmission: Resubmission): Promise<ChangingJob> {
  const { id } = resubmission
  const job = await lockJobAndHost(tx, id)
  if (job.status !== 'failed') throw createError('SCHEDULER_RESUBMIT_STATE', [id, stateInWords(job.status)])
  await resubmit(tx, resubmission)
  await refreshHosts(tx, [job.hostId])
  return job
}

/** Locks a job after its host, as everything does. Error: SCHEDULER_DELETE_JOB_NOT_FOUND. */
export async function lockJobAndHost(tx: Db, id: number): Promise<ChangingJob> {
  const seen = await findJob(tx, id)
  if (seen !== undefined) await lockHosts(tx, [seen.hostId])
  // Once more: it may have been changed or deleted before the lock was ours.
  const job = seen && (await lockJob(tx, id))
  if (job === undefined) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [id])
  return job
}
