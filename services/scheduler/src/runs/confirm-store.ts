// RunConfirmation of claims, and their end if it does not come.
import type { RunConfirmation } from '@slipway/contracts'
import { type Db, toJobId } from '../scheduler-store.ts'

interface ConfirmedRow {
  id: bigint
  claimed_by: string
  submission: number
  startable: Date | null
}

/** A confirmation that stands. */
export interface Confirmed extends RunConfirmation {
  /** When the job could have started: due, dependency met, host free; absent where it was confirmed before. */
  startable?: Date
}

/** Confirms claims in one statement; what was confirmed before stays as it was. @returns those that stand */
export async function confirmClaims(
  db: Db,
  confirmations: readonly RunConfirmation[],
  now: Date,
): Promise<Confirmed[]> {
  const rows = await db.$queryRaw<ConfirmedRow[]>`
    WITH confirmed AS (
      SELECT job.id, CASE WHEN job.confirmed_at IS NULL THEN greatest(job.scheduled_time, job.created_at, (
                       SELECT earlier.finished_at FROM job earlier
                        WHERE earlier.host_id = job.host_id AND earlier.status IN ('completed', 'failed')
                        ORDER BY earlier.finished_at DESC, earlier.id DESC LIMIT 1)) END AS startable
        FROM job
        JOIN jsonb_to_recordset(${JSON.stringify(confirmations)}::jsonb)
             AS asked ("executorId" text, "jobId" bigint, submission int)
          ON asked."jobId" = job.id AND asked.submission = job.submission AND asked."executorId" = job.claimed_by
       WHERE job.status = 'in-progress' ORDER BY job.id FOR UPDATE OF job)
    UPDATE job SET confirmed_at = coalesce(confirmed_at, ${now}::timestamptz),
                   started_at = coalesce(started_at, ${now}::timestamptz)
      FROM confirmed WHERE job.id = confirmed.id
    RETURNING job.id, job.claimed_by, job.submission, confirmed.startable`
  return rows.map((row) => ({
    executorId: row.claimed_by,
    jobId: toJobId(row.id),
    submission: row.submission,
    ...(row.startable === null ? {} : { startable: row.startable }),
  }))
}

/** Hosts with a claim from before a moment that nobody confirmed. */
export async function hostsOfExpired(db: Db, claimedBefore: Date): Promise<string[]> {
  const rows = await db.$queryRaw<{ host_id: string }[]>`
    SELECT host_id FROM job WHERE status = 'in-progress' AND confirmed_at IS NULL
       AND claimed_at < ${claimedBefore}::timestamptz`
  return rows.map((row) => row.host_id)
}

/** Offers unconfirmed jobs of the locked hosts again. @returns how many */
export async function offerAgain(tx: Db, hostIds: readonly string[], claimedBefore: Date): Promise<number> {
  return tx.$executeRaw`
    WITH expired AS (
      SELECT id FROM job
       WHERE host_id = ANY(${hostIds}::uuid[]) AND status = 'in-progress' AND confirmed_at IS NULL
         AND claimed_at < ${claimedBefore}::timestamptz
       ORDER BY id FOR UPDATE)
    UPDATE job SET status = 'scheduled', status_time = NULL, status_message = '', claimed_by = NULL,
                   claim_request = NULL, claimed_at = NULL, started_at = NULL
      FROM expired WHERE job.id = expired.id`
}
