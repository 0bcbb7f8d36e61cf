// Runs, attempts and leases in PostgreSQL. Every time in a condition is the database's; every statement that changes
// a run names its attempt, so that an executor that lost a run changes nothing.
import type { ClaimedJob, executorDeliveries, PayloadOf } from '@slipway/contracts'
import { jsonRows } from '@slipway/database'
import type { Db } from '../executor-store.ts'
import type { LeaseTimes, Run, RunHold, RunKey, RunResult } from './run.ts'
import {
  alignRows,
  claimedRun,
  type EndedRow,
  type RecordedRow,
  type RunRow,
  type StartedRow,
  toRun,
} from './run-rows.ts'

export type RunStore = ReturnType<typeof createRunStore>

/** A run that may act. */
export interface StartedRun {
  readonly startedAt: Date
  /** Who cancelled it meanwhile. */
  readonly cancelledBy: string | undefined
}

/** How a run is to end. */
export interface RunEnd {
  readonly run: RunKey
  readonly result: RunResult
}

export interface EndedRun {
  readonly startedAt: Date
  readonly endedAt: Date
}

export function createRunStore(db: Db, times: LeaseTimes) {
  const leaseSeconds = times.leaseMs / 1_000
  const graceSeconds = times.takeOverGraceMs / 1_000

  return {
    /**
     * Records claimed jobs as this executor's. A job is passed over if it is recorded already, unless its run ended
     * or was never confirmed and the job was submitted anew since, or another executor recorded it and never confirmed
     * (the scheduler offers again only what was not confirmed, and an unconfirmed run never sent anything).
     * @returns the runs that are this executor's to confirm
     */
    async record(executorId: string, jobs: readonly ClaimedJob[]): Promise<Run[]> {
      const rows = await jsonRows<RecordedRow>(db.$queryRaw`
        WITH recorded AS (
        INSERT INTO run AS r (job_id, submission, attempt, first_attempt, state, kind, action, host_id, executor_id,
                              claimed_by, lease_until, job, claimed_at, event_seq)
        SELECT (j->>'jobId')::bigint, (j->>'submission')::int, 1, 1, 'claimed', j->>'kind', j->>'action',
               (j->>'hostId')::uuid, ${executorId}, ${executorId},
               now() + make_interval(secs => ${leaseSeconds}::float8), j, now(), 1
        FROM jsonb_array_elements(${JSON.stringify(jobs)}::jsonb) AS j
        ON CONFLICT (job_id) DO UPDATE SET
          submission = excluded.submission, attempt = r.attempt + 1, state = 'claimed',
          first_attempt = CASE WHEN excluded.submission > r.submission THEN r.attempt + 1 ELSE r.first_attempt END,
          kind = excluded.kind, action = excluded.action, host_id = excluded.host_id,
          executor_id = excluded.executor_id, claimed_by = excluded.claimed_by, lease_until = excluded.lease_until,
          job = excluded.job, claimed_at = excluded.claimed_at, event_seq = r.event_seq + 1,
          started_at = NULL, ended_at = NULL, outcome = NULL, status_message = ''
        WHERE (r.state IN ('ended', 'claimed') AND r.submission < excluded.submission)
           OR (r.state = 'claimed' AND r.submission = excluded.submission AND r.executor_id <> excluded.executor_id)
        RETURNING job_id, attempt, first_attempt, event_seq
        ), told AS (
          INSERT INTO job_event (job_id, seq, attempt, kind, payload)
          SELECT job_id, event_seq, attempt, 'claimed', jsonb_build_object('executor', ${executorId}::text) FROM recorded)
        SELECT json_agg(to_json(recorded))::text AS rows FROM recorded`)
      const claimed = new Map(jobs.map((job) => [job.jobId, job]))
      return rows.flatMap((row) => {
        const job = claimed.get(row.job_id)
        return job === undefined ? [] : [claimedRun(row, job, executorId)]
      })
    },

    /**
     * The scheduler confirmed these runs: from now on they may act. One statement for all.
     * @returns one for each, undefined where a run is no longer ours
     */
    async start(keys: readonly RunKey[]): Promise<(StartedRun | undefined)[]> {
      const rows = await jsonRows<StartedRow>(db.$queryRaw`
        WITH own AS (
          SELECT run.job_id, run.attempt FROM run
          JOIN unnest(${keys.map((key) => key.jobId)}::bigint[], ${keys.map((key) => key.attempt)}::int[]) AS own (job_id, attempt)
            ON run.job_id = own.job_id AND run.attempt = own.attempt
          WHERE run.state <> 'ended' ORDER BY run.job_id FOR UPDATE OF run
        ), begun AS (
          UPDATE run SET state = 'running', started_at = coalesce(started_at, now()), event_seq = event_seq + 1
          FROM own WHERE run.job_id = own.job_id AND run.attempt = own.attempt
          RETURNING run.job_id, submission, run.attempt, event_seq, started_at
        ), told AS (
          INSERT INTO job_event (job_id, seq, attempt, kind, payload)
          SELECT job_id, event_seq, attempt, 'started', '{}' FROM begun)
        SELECT json_agg(to_json(started))::text AS rows
        FROM (SELECT job_id, attempt, started_at, requested_by AS cancelled_by
              FROM begun LEFT JOIN cancellation USING (job_id, submission)) started`)
      return alignRows(keys, rows, (row) => ({
        startedAt: new Date(row.started_at),
        cancelledBy: row.cancelled_by ?? undefined,
      }))
    },

    /** The scheduler offers the job no longer: forgets the run, or restores what stood before a resubmission. */
    async drop(run: RunHold): Promise<void> {
      await db.$executeRaw`
        WITH gone AS (
          DELETE FROM run
          WHERE job_id = ${run.jobId} AND attempt = ${run.attempt} AND claimed_by = ${run.claimedBy}
            AND state = 'claimed' AND first_attempt = 1
          RETURNING job_id)
        DELETE FROM job_event USING gone WHERE job_event.job_id = gone.job_id`
      await db.$executeRaw`
        UPDATE run SET state = 'ended', outcome = 'failed', submission = submission - 1, ended_at = now(),
                       lease_until = 'infinity'
        WHERE job_id = ${run.jobId} AND attempt = ${run.attempt} AND claimed_by = ${run.claimedBy}
          AND state = 'claimed' AND first_attempt > 1`
    },

    /** Renews the leases of these runs in one statement. @returns those that are still ours, and who cancelled them */
    async renew(held: readonly RunHold[]): Promise<(RunKey & { cancelledBy: string | undefined })[]> {
      const rows = await db.$queryRaw<{ job_id: bigint; attempt: number; cancelled_by: string | null }[]>`
        WITH own AS (
          SELECT run.job_id, run.attempt FROM run
          JOIN unnest(${held.map(({ jobId }) => jobId)}::bigint[], ${held.map(({ attempt }) => attempt)}::int[],
                      ${held.map(({ claimedBy }) => claimedBy)}::text[]) AS own (job_id, attempt, claimed_by)
            ON run.job_id = own.job_id AND run.attempt = own.attempt AND run.claimed_by = own.claimed_by
          WHERE run.state <> 'ended' ORDER BY run.job_id FOR UPDATE OF run
        )
        UPDATE run SET lease_until = now() + make_interval(secs => ${leaseSeconds}::float8)
        FROM own WHERE run.job_id = own.job_id AND run.attempt = own.attempt
        RETURNING run.job_id, run.attempt,
                  (SELECT requested_by FROM cancellation wanted
                   WHERE wanted.job_id = run.job_id AND wanted.submission = run.submission) AS cancelled_by`
      return rows.map((row) => ({
        jobId: Number(row.job_id),
        attempt: row.attempt,
        cancelledBy: row.cancelled_by ?? undefined,
      }))
    },

    /**
     * Takes over runs whose lease ended long enough ago or was released; each gets a new attempt. `expired` where
     * nobody released it.
     */
    async takeOver(executorId: string, limit: number): Promise<{ run: Run; expired: boolean }[]> {
      const rows = await db.$queryRaw<(RunRow & { expired: boolean })[]>`
        WITH left_behind AS (
          SELECT job_id, lease_until > 'epoch' AS expired FROM run
          WHERE ended_at IS NULL AND state <> 'ended' AND lease_until < now() - make_interval(secs => ${graceSeconds}::float8)
          ORDER BY lease_until LIMIT ${limit} FOR UPDATE SKIP LOCKED
        ), taken AS (
          UPDATE run SET attempt = attempt + 1, executor_id = ${executorId}, event_seq = event_seq + 1,
                         lease_until = now() + make_interval(secs => ${leaseSeconds}::float8)
          FROM left_behind WHERE run.job_id = left_behind.job_id
          RETURNING run.job_id, submission, attempt, first_attempt, state, claimed_by, job, started_at, event_seq, expired
        ), told AS (
          INSERT INTO job_event (job_id, seq, attempt, kind, payload)
          SELECT job_id, event_seq, attempt, 'resumed',
                 jsonb_build_object('executor', ${executorId}::text,
                                    'after', CASE WHEN expired THEN 'expired' ELSE 'released' END) FROM taken)
        SELECT taken.*, requested_by AS cancelled_by FROM taken LEFT JOIN cancellation USING (job_id, submission)`
      return rows.map((row) => ({ run: toRun(row), expired: row.expired }))
    },

    /** Ends all leases. Only for an executor that knows that nobody else works on this database. */
    async expireAll(): Promise<void> {
      await db.$executeRaw`UPDATE run SET lease_until = 'epoch' WHERE state <> 'ended'`
    },

    /** Gives a run back at a safe point: any executor may take it over at once. */
    async release(run: RunHold): Promise<void> {
      await db.$executeRaw`
        WITH given AS (
          UPDATE run SET lease_until = 'epoch', event_seq = event_seq + 1
          WHERE job_id = ${run.jobId} AND attempt = ${run.attempt} AND claimed_by = ${run.claimedBy} AND state <> 'ended'
          RETURNING job_id, attempt, event_seq)
        INSERT INTO job_event (job_id, seq, attempt, kind, payload)
        SELECT job_id, event_seq, attempt, 'handed-over', '{}' FROM given`
    },

    /**
     * Puts a cancellation on record, also for a run that is not there yet; not for one that has ended. The first one
     * stands. @returns true if it is news
     */
    async cancel(tx: Db, wanted: PayloadOf<typeof executorDeliveries.cancelRun>): Promise<boolean> {
      const { jobId, submission, requestedBy, requestId } = wanted
      const added = await tx.$executeRaw`
        INSERT INTO cancellation (job_id, submission, requested_by, request_id)
        SELECT ${jobId}::bigint, ${submission}::int, ${requestedBy}::text, ${requestId ?? null}::text
        WHERE NOT EXISTS (
          SELECT 1 FROM run
          WHERE job_id = ${jobId} AND (submission > ${submission} OR (submission = ${submission} AND state = 'ended')))
        ON CONFLICT DO NOTHING`
      if (added === 0) return false
      await tx.$executeRaw`
        WITH numbered AS (
          UPDATE run SET event_seq = event_seq + 1
          WHERE job_id = ${jobId} AND submission = ${submission} AND state <> 'ended'
          RETURNING job_id, attempt, event_seq)
        INSERT INTO job_event (job_id, seq, attempt, kind, payload)
        SELECT job_id, event_seq, attempt, 'cancel-requested', jsonb_build_object('by', ${requestedBy}::text)
        FROM numbered`
      return true
    },

    /** Who cancelled a run; undefined if nobody did, or the run is no longer this attempt's. */
    async cancelledBy(key: RunKey): Promise<string | undefined> {
      const rows = await db.$queryRaw<{ requested_by: string }[]>`
        SELECT requested_by FROM run JOIN cancellation USING (job_id, submission)
        WHERE job_id = ${key.jobId} AND attempt = ${key.attempt} AND state <> 'ended'`
      return rows[0]?.requested_by
    },

    /**
     * Ends runs within the transaction that enqueues their results, in one statement.
     * @returns one for each, undefined where a run is no longer ours
     */
    async end(tx: Db, endings: readonly RunEnd[]): Promise<(EndedRun | undefined)[]> {
      const given = endings.map(({ run, result: { outcome, statusMessage } }) => {
        return { job_id: run.jobId, attempt: run.attempt, outcome, message: statusMessage }
      })
      const rows = await jsonRows<EndedRow>(tx.$queryRaw`
        WITH own AS (
          SELECT run.job_id, run.attempt, given.outcome, given.message FROM run
          JOIN jsonb_to_recordset(${JSON.stringify(given)}::jsonb)
               AS given (job_id bigint, attempt int, outcome text, message text)
            ON run.job_id = given.job_id AND run.attempt = given.attempt
          WHERE run.state <> 'ended' ORDER BY run.job_id FOR UPDATE OF run
        ), ended AS (
          UPDATE run SET state = 'ended', outcome = own.outcome, status_message = own.message,
                         ended_at = now(), started_at = coalesce(started_at, now()), lease_until = 'infinity',
                         event_seq = event_seq + 1
          FROM own WHERE run.job_id = own.job_id AND run.attempt = own.attempt
          RETURNING run.job_id, submission, run.attempt, event_seq, started_at, ended_at, own.outcome, own.message
        ), settled AS (
          DELETE FROM cancellation USING ended
          WHERE cancellation.job_id = ended.job_id AND cancellation.submission <= ended.submission
        ), told AS (
          INSERT INTO job_event (job_id, seq, attempt, kind, payload)
          SELECT job_id, event_seq, attempt, 'ended',
                 jsonb_build_object('outcome', outcome, 'statusMessage', message) FROM ended)
        SELECT json_agg(json_build_object('job_id', job_id, 'attempt', attempt, 'started_at', started_at,
                                          'ended_at', ended_at))::text AS rows FROM ended`)
      return alignRows(
        endings.map(({ run }) => run),
        rows,
        (row) => ({ startedAt: new Date(row.started_at), endedAt: new Date(row.ended_at) }),
      )
    },

    /** Removes runs with everything that belongs to them. */
    async forget(tx: Db, jobIds: readonly number[]): Promise<void> {
      await tx.$executeRaw`DELETE FROM run WHERE job_id = ANY(${[...jobIds]}::bigint[])`
      // Events are written under the lock of their run: by now all are there to be seen.
      await tx.$executeRaw`DELETE FROM job_event WHERE job_id = ANY(${[...jobIds]}::bigint[])`
      await tx.$executeRaw`DELETE FROM cancellation WHERE job_id = ANY(${[...jobIds]}::bigint[])`
    },

    /** A host's latest completed run of an action, other than this job's: where its captures are. */
    async latestCompleted(hostId: string, action: string, before: number): Promise<RunKey | undefined> {
      const rows = await db.$queryRaw<{ job_id: bigint; attempt: number }[]>`
        SELECT job_id, attempt FROM run
        WHERE host_id = ${hostId}::uuid AND action = ${action} AND outcome = 'completed' AND job_id <> ${before}
        ORDER BY ended_at DESC LIMIT 1`
      const row = rows[0]
      return row === undefined ? undefined : { jobId: Number(row.job_id), attempt: row.attempt }
    },
  }
}
