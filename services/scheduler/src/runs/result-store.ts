// How runs end, in statements over many results at a time. Whoever calls them holds the locks of the hosts.
import type { RunResult } from '@slipway/contracts'
import { jsonRows } from '@slipway/database'
import { type Db, toJobId } from '../scheduler-store.ts'
import type { EndedRun, RunMessage } from './run.ts'

/**
 * Writes results, with the hosts locked until the end of the transaction. Only a job that is in progress in the very
 * submission takes one, so a result that comes twice, of an older submission, or of a deleted job changes nothing.
 */
export async function writeResults(tx: Db, results: readonly RunResult[]): Promise<EndedRun[]> {
  return jsonRows<EndedRun>(tx.$queryRaw`
    WITH result AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(results)}::jsonb) AS given (
             "jobId" bigint, submission int, outcome text, "statusMessage" text, trace text, warnings text[],
             "packageChanges" text[], "startedAt" timestamptz, "finishedAt" timestamptz)
    ), locked AS (
      SELECT host_id FROM host
       WHERE host_id IN (SELECT running.host_id FROM running JOIN result ON result."jobId" = running.job_id)
       ORDER BY host_id FOR UPDATE
    ), ended AS (
      DELETE FROM running USING result, locked
       WHERE running.job_id = result."jobId" AND running.submission = result.submission
         AND running.host_id = locked.host_id
      RETURNING running.job_id
    ), written AS (
      UPDATE job SET status = result.outcome, status_time = result."finishedAt",
                     status_message = result."statusMessage", trace = result.trace, warnings = result.warnings,
                     package_changes = result."packageChanges", started_at = result."startedAt",
                     finished_at = result."finishedAt"
        FROM ended JOIN result ON result."jobId" = ended.job_id
       WHERE job.id = ended.job_id
      RETURNING job.id, job.host_id, job.kind, job.action, job.status, job.request_id
    )
    SELECT json_agg(json_strip_nulls(to_json(told)))::text AS rows
      FROM (SELECT id, host_id AS "hostId", kind, status AS outcome, action, request_id AS "requestId"
              FROM written) told`)
}

/** Lets go on what waited for these completed jobs. */
export async function freeDependents(tx: Db, completed: readonly number[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE job SET dependency_met = true
     WHERE depends_on = ANY(${completed}::bigint[]) AND status = 'scheduled' AND NOT dependency_met`
}

/** Discoveries leave no history: what they found is the inventory's. */
export async function deleteJobs(tx: Db, jobIds: readonly number[]): Promise<void> {
  await tx.$executeRaw`DELETE FROM job WHERE id = ANY(${jobIds}::bigint[])`
}

/**
 * Trims the history of hosts to its newest `keep` jobs. Older ones stay while a job that is not finished depends on
 * them: it waits for them, or its run looks at what they did. @returns the ids of what is gone
 */
export async function trimHistory(tx: Db, hostIds: readonly string[], keep: number): Promise<number[]> {
  const rows = await tx.$queryRaw<{ id: bigint }[]>`
    DELETE FROM job USING (
      SELECT old.id FROM unnest(${hostIds}::uuid[]) AS asked (host_id)
       CROSS JOIN LATERAL (
             SELECT job.id FROM job
              WHERE job.host_id = asked.host_id AND job.status IN ('completed', 'failed')
              ORDER BY job.finished_at DESC, job.id DESC OFFSET ${keep}::int) old) old
     WHERE job.id = old.id
       AND NOT EXISTS (SELECT 1 FROM job dependent
                        WHERE dependent.depends_on = old.id AND dependent.status = 'scheduled')
    RETURNING job.id`
  return rows.map(({ id }) => toJobId(id))
}

/** Writes what runs are doing. Rows in use are passed over: the next message is a second away. */
export async function writeMessages(db: Db, messages: readonly RunMessage[]): Promise<void> {
  await db.$executeRaw`
    WITH said AS (
      SELECT running.job_id, given.message FROM running
        JOIN jsonb_to_recordset(${JSON.stringify(messages)}::jsonb)
             AS given ("jobId" bigint, submission int, message text)
          ON given."jobId" = running.job_id AND given.submission = running.submission
       WHERE running.status_message <> given.message
         FOR UPDATE OF running SKIP LOCKED)
    UPDATE running SET status_message = said.message FROM said WHERE running.job_id = said.job_id`
}
