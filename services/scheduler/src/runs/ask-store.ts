// Rows of `executor_ask`.
import type { Db } from '../scheduler-store.ts'

/** Notes that an executor asked for work; never goes back in time. */
export async function noteAsk(db: Db, executorId: string, now: Date): Promise<void> {
  await db.$executeRaw`
    INSERT INTO executor_ask AS ask (executor_id, asked_at) VALUES (${executorId}, ${now}::timestamptz)
    ON CONFLICT (executor_id) DO UPDATE SET asked_at = EXCLUDED.asked_at WHERE ask.asked_at < EXCLUDED.asked_at`
}

/** When any executor asked last; undefined if none has for as long as this is remembered. */
export async function readLastAsk(db: Db): Promise<Date | undefined> {
  const [row] = await db.$queryRaw<{ last: Date | null }[]>`SELECT max(asked_at) AS last FROM executor_ask`
  return row?.last ?? undefined
}

/** Forgets executors that have not asked since. */
export async function forgetAsks(db: Db, before: Date): Promise<void> {
  await db.$executeRaw`DELETE FROM executor_ask WHERE asked_at < ${before}::timestamptz`
}
