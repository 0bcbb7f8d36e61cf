// The sender's half of "deliver until recorded". A delivery is a row in the sender's own transaction: it exists if and
// only if what it tells of was committed. The relay sends it; the row goes when the receiver has answered.
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { type CopyClient, copyLine, copyRows } from '../connections/copy.ts'
import { rowsOf, type SqlExecutor } from './sql-executor.ts'

/** A delivery to be. */
export interface NewDelivery {
  /** The subject of a delivery in contracts. */
  readonly subject: string
  /** Anything that JSON can carry. */
  readonly payload: unknown
  /**
   * Deliveries with the same key arrive in the order in which they were enqueued, one after the other. The order is
   * that of this insert, so lock or write the row that the key names before.
   */
  readonly orderingKey?: string
}

/** A delivery whose payload is JSON text already. */
export interface TextDelivery extends Omit<NewDelivery, 'payload'> {
  readonly payloadText: string
}

/** What waits in an outbox. */
export interface OutboxStats {
  readonly waiting: number
  /** How many of them failed at least once. */
  readonly failing: number
  /** Age of the oldest in seconds, 0 if none waits. */
  readonly oldestSeconds: number
}

const INSERT = `
  INSERT INTO outbox (id, subject, ordering_key, payload)
  SELECT id::uuid, subject, nullif(ordering_key, ''), payload::json
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
         WITH ORDINALITY AS row (id, subject, ordering_key, payload, position)
   ORDER BY position
  RETURNING id`

/** Writes deliveries in one statement. @param tx the transaction of the change they tell of @returns their ids */
export async function enqueueMany(tx: SqlExecutor, deliveries: readonly NewDelivery[]): Promise<string[]> {
  if (deliveries.length === 0) return []
  const ids = deliveries.map(() => randomUUID())
  await rowsOf(tx, INSERT, [
    ids,
    deliveries.map(({ subject }) => subject),
    deliveries.map(({ orderingKey }) => orderingKey ?? ''),
    deliveries.map(({ payload }) => JSON.stringify(payload ?? null)),
  ])
  return ids
}

const COLUMNS = ['id', 'subject', 'ordering_key', 'payload']

/** Writes deliveries with large payloads in one statement. @param client in the transaction of the change they tell of */
export function enqueueTexts(client: CopyClient, deliveries: readonly TextDelivery[]): Promise<void> {
  return copyRows(client, 'outbox', COLUMNS, Readable.from(deliveries.map(toLine)))
}

function toLine({ subject, orderingKey, payloadText }: TextDelivery): string {
  return copyLine([randomUUID(), subject, orderingKey ?? null, payloadText])
}

/** Writes one delivery. Call the relay's `kick` after the commit. @returns its id */
export async function enqueue(tx: SqlExecutor, delivery: NewDelivery): Promise<string> {
  const [id = ''] = await enqueueMany(tx, [delivery])
  return id
}

/** What waits, for metrics and health. */
export async function outboxStats(db: SqlExecutor): Promise<OutboxStats> {
  const [row] = await rowsOf<OutboxStats>(
    db,
    `SELECT count(*)::int AS waiting, count(*) FILTER (WHERE last_error IS NOT NULL)::int AS failing,
            coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS "oldestSeconds"
       FROM outbox`,
    [],
  )
  return row ?? { waiting: 0, failing: 0, oldestSeconds: 0 }
}
