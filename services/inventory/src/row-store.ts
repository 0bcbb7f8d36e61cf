// Tables of named rows (regions, jump hosts, …): reading, bulk change and removal are the same for all of them. The
// SQL is built from constants of the stores; values are always bound.
import { isReferenceError } from '@slipway/database'
import { type Database, inTransaction, type Transaction } from './database.ts'
import { insertRows, type RecordOf, updateRows } from './recordset.ts'

/** A table by its columns and by how its records and the rows of the domain become each other. */
export interface NamedTable<R extends { id: string; name: string }, T extends { id: string; name: string }> {
  readonly table: string
  /** PostgreSQL types by column. */
  readonly columns: { readonly [K in keyof R & string]: string }
  readonly toDomain: (record: R) => T
  readonly toRecord: (row: T) => RecordOf<{ [K in keyof R & string]: string }>
}

export type Removal = 'removed' | 'missing' | 'in-use'

export interface RowStore<T> {
  /** Runs `work` in a transaction with the rows of these names, locked; `save` inserts new ones, updates the others. */
  change<A>(names: readonly string[], work: (change: RowChange<T>) => Promise<A>): Promise<A>
  /** All rows, or the one of this name, by the bytes of their names. */
  list(name: string | undefined): Promise<T[]>
  /** Removes a row that nothing refers to. */
  remove(name: string): Promise<Removal>
}

export interface RowChange<T> {
  readonly existing: ReadonlyMap<string, T>
  readonly tx: Transaction
  save(rows: readonly T[]): Promise<void>
}

export function createRowStore<
  R extends { id: string; name: string },
  T extends { id: string; name: string },
>(db: Database, spec: NamedTable<R, T>): RowStore<T> {
  const selection = `SELECT ${Object.keys(spec.columns).join(', ')} FROM ${spec.table}`
  return {
    change: (names, work) =>
      inTransaction(db, async (tx) => {
        // NO KEY UPDATE: rows that merely refer to these (hosts to a region) need not wait.
        const records = await tx.$queryRawUnsafe<R[]>(
          `${selection} WHERE name = ANY($1::text[]) ORDER BY name FOR NO KEY UPDATE`,
          names,
        )
        const existing = new Map(records.map((record) => [record.name, spec.toDomain(record)]))
        return work({ existing, tx, save: (rows) => save(tx, spec, existing, rows) })
      }),
    async list(name) {
      const records = await (name === undefined
        ? db.$queryRawUnsafe<R[]>(`${selection} ORDER BY name`)
        : db.$queryRawUnsafe<R[]>(`${selection} WHERE name = $1::text`, name))
      return records.map(spec.toDomain)
    },
    async remove(name) {
      try {
        const removed = await db.$executeRawUnsafe(`DELETE FROM ${spec.table} WHERE name = $1::text`, name)
        return removed > 0 ? 'removed' : 'missing'
      } catch (error) {
        if (isReferenceError(error)) return 'in-use'
        throw error
      }
    },
  }
}

async function save<R extends { id: string; name: string }, T extends { id: string; name: string }>(
  tx: Transaction,
  spec: NamedTable<R, T>,
  existing: ReadonlyMap<string, T>,
  rows: readonly T[],
): Promise<void> {
  const isNew = (row: T) => !existing.has(row.name)
  await insertRows(tx, spec.table, spec.columns, 'name', rows.filter(isNew).map(spec.toRecord))
  await updateRows(tx, spec.table, spec.columns, rows.filter((row) => !isNew(row)).map(spec.toRecord))
}
