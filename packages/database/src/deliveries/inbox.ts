// The receiver's half: a delivery is recorded by its id, in the transaction of what it causes, so twice is once.
import { rowsOf, type SqlExecutor } from './sql-executor.ts'

/**
 * Records the delivery. True: it is new, do the work in this same transaction. False: it was recorded before, only
 * answer *recorded*. A duplicate that arrives while the first is at work waits for its end.
 */
export async function recordOnce(tx: SqlExecutor, deliveryId: string): Promise<boolean> {
  const rows = await rowsOf(
    tx,
    'INSERT INTO inbox (id) VALUES ($1) ON CONFLICT (id) DO NOTHING RETURNING id',
    [deliveryId],
  )
  return rows.length === 1
}

/**
 * Forgets old ids and returns how many. A delivery comes twice only while its sender has not seen the answer; the
 * default of 14 days covers a sender that was away for long.
 */
export async function pruneInbox(db: SqlExecutor, olderThanDays = 14): Promise<number> {
  const rows = await rowsOf<{ removed: number }>(
    db,
    `WITH gone AS (DELETE FROM inbox WHERE recorded_at < now() - make_interval(days => $1::int) RETURNING 1)
     SELECT count(*)::int AS removed FROM gone`,
    [olderThanDays],
  )
  return rows[0]?.removed ?? 0
}
