// The relay's SQL. All times are the database's: clocks of replicas differ. A row is claimed by moving its next
// attempt a lease ahead, in a transaction of its own, so no connection is held while a message is under way and a
// killed relay's rows come back by themselves.
import { rowsOf, type SqlExecutor } from './sql-executor.ts'

export interface OutboxRow {
  readonly id: string
  readonly subject: string
  readonly payload: unknown
  /** Which attempt this is, from 1. */
  readonly attempts: number
}

export interface FailedAttempt {
  readonly id: string
  readonly attempts: number
  readonly delayMs: number
  readonly error: string
}

/**
 * None of these statements needs to wait for the disk: a claim or a removal that is lost with the machine makes the
 * delivery go once more, and twice is once. It saves two waits for each delivery of a key.
 */
const WITHOUT_WAIT = "(SELECT set_config('synchronous_commit', 'off', true)) = 'off'"

/**
 * What may go: of each key only the oldest row (it leaves the table when it is recorded, and the next one is the
 * oldest), and every row without a key. One pass over the table; a look for older rows beside each row takes ten
 * times as long with 500 rows of a key.
 */
const HEADS = `
  SELECT min(seq) FROM outbox GROUP BY ordering_key, CASE WHEN ordering_key IS NULL THEN seq END`

/** The column keeps milliseconds and may have rounded up, hence the one that is added. */
const CLAIM = `
  WITH due AS MATERIALIZED (
    SELECT o.id FROM outbox o
     WHERE ${WITHOUT_WAIT} AND o.next_attempt_at <= now() + interval '1 millisecond'
       AND o.seq IN (${HEADS})
     ORDER BY o.seq LIMIT $1::int
       FOR UPDATE OF o SKIP LOCKED)
  UPDATE outbox SET attempts = attempts + 1, next_attempt_at = now() + $2::int * interval '1 millisecond'
    FROM due WHERE outbox.id = due.id
  RETURNING outbox.id::text, outbox.subject, outbox.payload, outbox.attempts`

const FAIL = `
  UPDATE outbox SET next_attempt_at = now() + f."delayMs" * interval '1 millisecond', last_error = f.error
    FROM jsonb_to_recordset($1::jsonb) AS f (id uuid, attempts int, "delayMs" float8, error text)
   WHERE ${WITHOUT_WAIT} AND outbox.id = f.id AND outbox.attempts = f.attempts
  RETURNING 1`

const REMOVE = `DELETE FROM outbox WHERE ${WITHOUT_WAIT} AND id = ANY($1::uuid[]) RETURNING 1`

/** Those that are due, oldest first in the table but in any order here; empty if nothing is due. */
export function claim(db: SqlExecutor, limit: number, leaseMs: number): Promise<OutboxRow[]> {
  return rowsOf<OutboxRow>(db, CLAIM, [limit, leaseMs])
}

/** Removes what the receivers recorded. */
export async function remove(db: SqlExecutor, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await rowsOf(db, REMOVE, [ids])
}

/** Sets the next attempt of what failed, unless another relay has taken it over since. */
export async function postpone(db: SqlExecutor, failed: readonly FailedAttempt[]): Promise<void> {
  if (failed.length > 0) await rowsOf(db, FAIL, [JSON.stringify(failed)])
}

/** A row that is due and yet was not claimed is in another relay's hands this very moment. */
const SHORTEST_REST_MS = 10

/** Milliseconds until the next row that may go is due; undefined if none waits. */
export async function nextDueMs(db: SqlExecutor): Promise<number | undefined> {
  const [row] = await rowsOf<{ ms: number | null }>(
    db,
    `SELECT (extract(epoch FROM min(next_attempt_at) - now()) * 1000)::float8 AS ms
       FROM outbox WHERE seq IN (${HEADS})`,
    [],
  )
  return row === undefined || row.ms === null ? undefined : Math.max(SHORTEST_REST_MS, row.ms)
}
