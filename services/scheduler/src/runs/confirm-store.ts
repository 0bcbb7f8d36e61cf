// RunConfirmation of claims, and their end if it does not come.
import type { RunConfirmation } from '@slipway/contracts'
import { jsonRows } from '@slipway/database'
import type { Db } from '../scheduler-store.ts'

/** A confirmation that stands. */
export interface Confirmed extends RunConfirmation {
  /** When the job could have started: due, dependency met, host free; null where it was confirmed before. */
  startable: string | null
}

/** Confirms claims in one statement; what was confirmed before stays as it was. @returns those that stand */
export async function confirmClaims(
  db: Db,
  confirmations: readonly RunConfirmation[],
  now: Date,
): Promise<Confirmed[]> {
  return jsonRows<Confirmed>(db.$queryRaw`
    WITH claimed AS (
      SELECT running.job_id, running.confirmed_at IS NULL AS first FROM running
        JOIN jsonb_to_recordset(${JSON.stringify(confirmations)}::jsonb)
             AS asked ("executorId" text, "jobId" bigint, submission int)
          ON asked."jobId" = running.job_id AND asked.submission = running.submission
         AND asked."executorId" = running.claimed_by
       ORDER BY running.job_id FOR UPDATE OF running
    ), confirmed AS (
      UPDATE running SET confirmed_at = coalesce(confirmed_at, ${now}::timestamptz)
        FROM claimed WHERE running.job_id = claimed.job_id
      RETURNING running.job_id, running.host_id, running.claimed_by, running.submission, claimed.first
    )
    SELECT json_agg(to_json(told))::text AS rows
      FROM (SELECT confirmed.job_id AS "jobId", confirmed.claimed_by AS "executorId", confirmed.submission,
                   CASE WHEN confirmed.first THEN greatest(job.scheduled_time, job.created_at, (
                     SELECT earlier.finished_at FROM job earlier
                      WHERE earlier.host_id = confirmed.host_id AND earlier.status IN ('completed', 'failed')
                      ORDER BY earlier.finished_at DESC, earlier.id DESC LIMIT 1)) END AS startable
              FROM confirmed JOIN job ON job.id = confirmed.job_id) told`)
}

/** Hosts with a claim from before a moment that nobody confirmed. */
export async function hostsOfExpired(db: Db, claimedBefore: Date): Promise<string[]> {
  const rows = await db.$queryRaw<{ host_id: string }[]>`
    SELECT host_id FROM running WHERE confirmed_at IS NULL AND claimed_at < ${claimedBefore}::timestamptz`
  return rows.map((row) => row.host_id)
}

/** Offers unconfirmed jobs of the locked hosts again. @returns how many */
export async function offerAgain(tx: Db, hostIds: readonly string[], claimedBefore: Date): Promise<number> {
  return tx.$executeRaw`
    WITH expired AS (
      SELECT job_id FROM running
       WHERE host_id = ANY(${hostIds}::uuid[]) AND confirmed_at IS NULL
         AND claimed_at < ${claimedBefore}::timestamptz
       ORDER BY job_id FOR UPDATE)
    DELETE FROM running USING expired WHERE running.job_id = expired.job_id`
}
