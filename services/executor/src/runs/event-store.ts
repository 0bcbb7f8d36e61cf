// Job events: gap-free per job, written by the owner of the run. The number comes from the run's own row, so two
// writers queue up behind its lock and a writer whose attempt is over writes nothing. Changes of a run that are one
// statement write their event in that statement (run-store.ts, journal-store.ts).
import type { JobEvent } from '@slipway/contracts'
import type { Db } from '../executor-store.ts'
import type { LogLengths } from '../logs/log-store.ts'
import type { RunKey } from './run.ts'

export type JobEventKind = JobEvent['kind']
export type PayloadOfEvent<K extends JobEventKind> = Extract<JobEvent, { kind: K }>['payload']

export type EventStore = ReturnType<typeof createEventStore>

export function createEventStore(db: Db) {
  const append = async <K extends JobEventKind>(
    on: Db,
    key: RunKey,
    kind: K,
    payload: PayloadOfEvent<K>,
    logged?: LogLengths,
  ): Promise<void> => {
    await on.$executeRaw`
      WITH numbered AS (
        UPDATE run SET event_seq = event_seq + 1
        WHERE job_id = ${key.jobId} AND attempt = ${key.attempt}
        RETURNING job_id, attempt, event_seq)
      INSERT INTO job_event (job_id, seq, attempt, kind, payload, steps_length, terminal_length)
      SELECT job_id, event_seq, attempt, ${kind}, ${JSON.stringify(payload)}::jsonb,
             ${logged?.steps ?? null}::bigint, ${logged?.terminal ?? null}::bigint FROM numbered`
  }
  return {
    /** @param logged how long the session logs were when it happened */
    append: <K extends JobEventKind>(key: RunKey, kind: K, payload: PayloadOfEvent<K>, logged?: LogLengths) =>
      append(db, key, kind, payload, logged),
    appendIn: append,
  }
}
