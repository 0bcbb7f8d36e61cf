// Job events: gap-free per job, written by the owner of the run. The number comes from the run's own row, so two
// writers queue up behind its lock and a writer whose attempt is over writes nothing.
import type { Db } from '../executor-store.ts'
import type { RunKey } from './run-store.ts'

export const jobEventKinds = ['started', 'resumed', 'status', 'step', 'warning', 'command', 'ended'] as const
export type JobEventKind = (typeof jobEventKinds)[number]

export type EventStore = ReturnType<typeof createEventStore>

export function createEventStore(db: Db) {
  const append = async (on: Db, key: RunKey, kind: JobEventKind, payload: object): Promise<void> => {
    await on.$executeRaw`
      WITH numbered AS (
        UPDATE run SET event_seq = event_seq + 1
        WHERE job_id = ${key.jobId} AND attempt = ${key.attempt}
        RETURNING job_id, attempt, event_seq)
      INSERT INTO job_event (job_id, seq, attempt, kind, payload)
      SELECT job_id, event_seq, attempt, ${kind}, ${JSON.stringify(payload)}::jsonb FROM numbered`
  }
  return {
    append: (key: RunKey, kind: JobEventKind, payload: object) => append(db, key, kind, payload),
    appendIn: append,
  }
}
