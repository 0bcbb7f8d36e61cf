// Statements behind resubmitting and cancelling a job. Whoever calls them holds the lock of the job's host.
import type { InstallAction, JobStatus } from '@slipway/contracts'
import type { Db } from '../scheduler-store.ts'

/** An install job as it is before it is changed. */
export interface ChangingJob {
  hostId: string
  hostname: string
  action: InstallAction
  status: JobStatus
  submission: number
  confirmed: boolean
  cancelRequested: boolean
  requestId: string | undefined
}

interface ChangingRow extends Omit<ChangingJob, 'requestId'> {
  requestId: string | null
}

/** Reads an install job and locks it: a confirmation of it waits. */
export async function lockJob(tx: Db, id: number): Promise<ChangingJob | undefined> {
  const rows = await tx.$queryRaw<ChangingRow[]>`
    SELECT host_id AS "hostId", hostname, action, status, submission, confirmed_at IS NOT NULL AS confirmed,
           cancel_requested_at IS NOT NULL AS "cancelRequested", request_id AS "requestId"
      FROM job WHERE id = ${id}::bigint AND kind = 'install' FOR UPDATE`
  const row = rows[0]
  return row && { ...row, requestId: row.requestId ?? undefined }
}

export interface Resubmission {
  id: number
  scheduledTime: Date
  requestId: string
}

/**
 * Has a job run again, as if it were new: nothing of the earlier submission is left. What it depends on counts as
 * it is now; where that is gone, as it was.
 */
export async function resubmit(tx: Db, { id, scheduledTime, requestId }: Resubmission): Promise<void> {
  await tx.$executeRaw`
    UPDATE job SET submission = submission + 1, status = 'scheduled', status_time = NULL, status_message = '',
           trace = '', warnings = '{}', package_changes = '{}', scheduled_time = ${scheduledTime}::timestamptz,
           dependency_met = coalesce((SELECT before.status = 'completed' FROM job before
                                       WHERE before.id = job.depends_on), job.dependency_met),
           request_id = ${requestId}, claimed_by = NULL, claim_request = NULL, claimed_at = NULL,
           confirmed_at = NULL, started_at = NULL, finished_at = NULL,
           cancel_requested_at = NULL, cancel_requested_by = NULL
     WHERE id = ${id}::bigint`
}

export interface CancelRequest {
  id: number
  user: string
  now: Date
}

/** Notes that a job is to stop. */
export async function noteCancel(tx: Db, { id, user, now }: CancelRequest): Promise<void> {
  await tx.$executeRaw`
    UPDATE job SET cancel_requested_at = ${now}::timestamptz, cancel_requested_by = ${user}
     WHERE id = ${id}::bigint`
}

/** Ends a claimed job that no executor has confirmed: it never was on a router. */
export async function endUnstarted(tx: Db, { id, user, now }: CancelRequest): Promise<void> {
  await tx.$executeRaw`
    UPDATE job SET status = 'failed', status_time = ${now}::timestamptz, finished_at = ${now}::timestamptz,
                   status_message = ${`Cancelled by ${user} before it was started`}
     WHERE id = ${id}::bigint`
}
