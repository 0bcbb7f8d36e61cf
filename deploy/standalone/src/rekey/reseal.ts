// Seals what a table holds again, with the first key, while services go on writing: in batches, each value only if it
// is still the one that was read. What is done is seen from the values themselves, so a run that was broken off goes
// on where it stopped, and a second one finds nothing to do.
import { retryLost } from '@slipway/database'
import type { Place, Sealer } from '@slipway/secrets'
import type { SealedTable } from '@slipway/service-kit'

/** What asks a database; the `pg` client. */
export interface Queries {
  query<R>(text: string, values?: unknown[]): Promise<{ rows: R[]; rowCount: number | null }>
}

export interface ResealOptions {
  readonly sealer: Pick<Sealer, 'rekey'>
  /** Id of the key that seals. */
  readonly keyId: string
  /** Told after each batch. */
  onProgress(resealed: number): void
  /** Told of a value that does not open, which stays as it is. */
  onFailure(place: Place, error: Error): void
  readonly batchSize?: number
}

interface SealedValue {
  readonly id: string
  readonly sealed: string
}

type Column = SealedTable['columns'][number]

/** Rows of one batch: some milliseconds of work, and of locks on those rows. */
const usualBatch = 500

/** How many values of a column are not sealed with the key. */
export async function countOthers(
  db: Queries,
  { table }: SealedTable,
  { column }: Column,
  keyId: string,
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM "${table}" WHERE ${isOther(column)}`,
    [keyId],
  )
  return rows[0]?.count ?? 0
}

/** Seals the values of one column again. @returns how many were */
export async function resealColumn(
  db: Queries,
  spec: SealedTable,
  column: Column,
  options: ResealOptions,
): Promise<number> {
  let total = 0
  let after: string | undefined
  for (;;) {
    const batch = await readBatch(db, spec, column, options, after)
    after = batch.at(-1)?.id
    if (after === undefined) return total
    total += await writeBatch(db, spec, column, batch, options)
    options.onProgress(total)
  }
}

/** `s1.k2.…`: the second part is the id of the key. */
const isOther = (column: string) => `split_part("${column}", '.', 2) <> $1`

async function readBatch(
  db: Queries,
  { table, key }: SealedTable,
  { column }: Column,
  { keyId, batchSize = usualBatch }: ResealOptions,
  after: string | undefined,
): Promise<SealedValue[]> {
  const { rows } = await db.query<SealedValue>(
    `SELECT "${key.column}"::text AS id, "${column}" AS sealed FROM "${table}"
      WHERE ${isOther(column)} AND ($2::${key.type} IS NULL OR "${key.column}" > $2::${key.type})
      ORDER BY "${key.column}" LIMIT $3`,
    [keyId, after ?? null, batchSize],
  )
  return rows
}

async function writeBatch(
  db: Queries,
  { table, key }: SealedTable,
  { column, field }: Column,
  batch: readonly SealedValue[],
  { sealer, onFailure }: ResealOptions,
): Promise<number> {
  const ids: string[] = []
  const olds: string[] = []
  const news: string[] = []
  for (const { id, sealed } of batch) {
    const place = { table, row: id, field }
    try {
      news.push(sealer.rekey(sealed, place))
      ids.push(id)
      olds.push(sealed)
    } catch (error) {
      onFailure(place, error instanceof Error ? error : new Error(String(error)))
    }
  }
  // A value that was changed or removed meanwhile is left alone.
  const update = `
    UPDATE "${table}" AS stored SET "${column}" = given.value
      FROM unnest($1::${key.type}[], $2::text[], $3::text[]) AS given (id, old, value)
     WHERE stored."${key.column}" = given.id AND stored."${column}" = given.old`
  const { rowCount } = await retryLost(() => db.query(update, [ids, olds, news]))
  return rowCount ?? 0
}
