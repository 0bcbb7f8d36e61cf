// A job's events as they are read by those who follow it.
import { Value } from '@sinclair/typebox/value'
import { JobEvent } from '@slipway/contracts'
import type { Db } from '../executor-store.ts'
import type { LogLengths } from '../logs/log-store.ts'

/** An event, and how long the session logs of its attempt were when it happened, where that is known. */
export interface RecordedEvent {
  readonly event: JobEvent
  readonly logged: LogLengths | undefined
}

/** A run as one statement saw it, and a page of its events. */
export interface RecordedRun {
  readonly attempt: number
  readonly ended: boolean
  /** Number of its last event. */
  readonly lastSeq: number
  readonly events: readonly RecordedEvent[]
}

interface RecordRow {
  run_attempt: number
  state: string
  event_seq: number
  seq: number | null
  attempt: number
  at: Date
  kind: string
  payload: unknown
  steps_length: bigint | null
  terminal_length: bigint | null
}

/** Events of a run beyond `after`, at most up to `until`; undefined if there is no such run. */
export type ReadRecord = (
  jobId: number,
  range: { after: number; until: number; limit: number },
) => Promise<RecordedRun | undefined>

export function createRecordStore(db: Db): ReadRecord {
  return async (jobId, { after, until, limit }) => {
    const rows = await db.$queryRaw<RecordRow[]>`
      SELECT run.attempt AS run_attempt, run.state, run.event_seq, event.*
      FROM run LEFT JOIN LATERAL (
        SELECT seq, attempt, at, kind, payload, steps_length, terminal_length FROM job_event
        WHERE job_event.job_id = run.job_id AND seq > least(${after}::int, run.event_seq) AND seq <= ${until}::int
        ORDER BY seq LIMIT ${limit}::int) event ON true
      WHERE run.job_id = ${jobId}::bigint ORDER BY event.seq`
    const [run] = rows
    if (run === undefined) return undefined
    return {
      attempt: run.run_attempt,
      ended: run.state === 'ended',
      lastSeq: run.event_seq,
      events: rows.flatMap((row) => (row.seq === null ? [] : [toRecorded(jobId, row)])),
    }
  }
}

function toRecorded(jobId: number, row: RecordRow): RecordedEvent {
  const { seq, attempt, at, kind, payload, steps_length: steps, terminal_length: terminal } = row
  return {
    event: Value.Decode(JobEvent, { jobId, seq, attempt, at: at.toISOString(), kind, payload }),
    logged:
      steps === null || terminal === null ? undefined : { steps: Number(steps), terminal: Number(terminal) },
  }
}
