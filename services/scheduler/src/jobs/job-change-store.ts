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

interface ChangingRow extends Omit<ChangingJob, 'requestId' | 'confirmed'> {
  requestId: string | null
}

/** Reads an install job and locks it: a confirmation of it waits. */
export async function lockJob(tx: Db, id: number): Promise<ChangingJob | undefined> {
  const [run] = await tx.$queryRaw<{ confirmed: boolean }[]>`
    SELECT confirmed_at IS NOT NULL AS confirmed FROM running WHERE job_id = ${id}::bigint FOR UPDATE`
  const [row] = await tx.$queryRaw<ChangingRow[]>`
    SELECT host_id AS "hostId", hostname, action, status, submission,
           cancel_requested_at IS NOT NULL AS "cancelRequested", request_id AS "requestId"
      FROM job WHERE id = ${id}::bigint AND kind = 'install' FOR UPDATE`
  if (row === undefined) return undefined
  const status = run === undefined ? row.status : 'in-progress'
  return { ...row, status, confirmed: run?.confirmed ?? false, requestId: row.requestId ?? undefined }
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
           request_id = ${requestId}, started_at = NULL, finished_at = NULL,
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
    WITH gone AS (DELETE FROM running WHERE job_id = ${id}::bigint)
    UPDATE job SET status = 'failed', status_time = ${now}::timestamptz, finished_at = ${now}::timestamptz,
                   status_message = ${`Cancelled by ${user} before it was started`}
     WHERE id = ${id}::bigint`
}
