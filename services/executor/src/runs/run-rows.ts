// Rows of `run` as statements answer them.
import type { ClaimedJob } from '@slipway/contracts'
import type { Run, RunKey, RunState } from './run.ts'

export interface RunRow {
  job_id: bigint
  submission: number
  attempt: number
  first_attempt: number
  state: RunState
  claimed_by: string
  job: ClaimedJob
  started_at: Date | null
  cancelled_by: string | null
}

/** A stored run. */
export const toRun = (row: RunRow): Run => ({
  jobId: Number(row.job_id),
  submission: row.submission,
  attempt: row.attempt,
  firstAttempt: row.first_attempt,
  state: row.state,
  claimedBy: row.claimed_by,
  job: row.job,
  startedAt: row.started_at ?? undefined,
  cancelledBy: row.cancelled_by ?? undefined,
})

export interface KeyRow {
  job_id: number
  attempt: number
}

export interface RecordedRow extends KeyRow {
  first_attempt: number
}

export interface StartedRow extends KeyRow {
  started_at: string
  cancelled_by: string | null
}

export interface EndedRow extends KeyRow {
  started_at: string
  ended_at: string
}

/** A claimed job as it was recorded. */
export const claimedRun = (row: RecordedRow, job: ClaimedJob, executorId: string): Run => ({
  jobId: job.jobId,
  submission: job.submission,
  attempt: row.attempt,
  firstAttempt: row.first_attempt,
  state: 'claimed',
  claimedBy: executorId,
  job,
  startedAt: undefined,
  cancelledBy: undefined,
})

/** What a statement answered, in the order in which it was asked. */
export function alignRows<R extends KeyRow, T>(
  keys: readonly RunKey[],
  rows: readonly R[],
  read: (row: R) => T,
): (T | undefined)[] {
  const found = new Map(rows.map((row) => [`${row.job_id} ${row.attempt}`, read(row)]))
  return keys.map(({ jobId, attempt }) => found.get(`${jobId} ${attempt}`))
}
