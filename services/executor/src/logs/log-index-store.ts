import type { Db } from '../executor-store.ts'
import type { RunKey } from '../runs/run.ts'
import type { LoggedFile } from './log-names.ts'

export const logKinds = ['terminal', 'steps', 'capture', 'diff'] as const
export type LogKind = (typeof logKinds)[number]

/** A file of a job's session logs. */
export interface IndexedFile extends LoggedFile {
  readonly kind: LogKind
  readonly createdAt: Date
}

export type LogIndexStore = ReturnType<typeof createLogIndexStore>

/** Which files a job's session logs have; the bytes are the log store's. */
export function createLogIndexStore(db: Db) {
  return {
    async add(key: RunKey, name: string, kind: LogKind): Promise<void> {
      await db.$executeRaw`
        INSERT INTO log_index (job_id, attempt, name, kind)
        SELECT job_id, ${key.attempt}, ${name}, ${kind} FROM run WHERE job_id = ${key.jobId}
        ON CONFLICT DO NOTHING`
    },

    async ofAttempt(key: RunKey): Promise<IndexedFile[]> {
      const rows = await db.$queryRaw<{ attempt: number; name: string; kind: LogKind; created_at: Date }[]>`
        SELECT attempt, name, kind, created_at FROM log_index
        WHERE job_id = ${key.jobId} AND attempt = ${key.attempt} ORDER BY name`
      return rows.map(({ created_at, ...row }) => ({ ...row, createdAt: created_at }))
    },
  }
}
