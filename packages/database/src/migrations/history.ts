import type pg from 'pg'
import { databaseError } from '../errors.ts'
import type { Migration } from './migration-files.ts'

/** A row of Prisma's own table, without those that were rolled back. */
export interface AppliedMigration {
  readonly name: string
  readonly checksum: string
  /** False: begun, and the process was killed or the script failed. */
  readonly finished: boolean
}

/** What the database has; undefined if it was never migrated. */
export async function readHistory(client: pg.Client): Promise<AppliedMigration[] | undefined> {
  const found = await client.query<{ found: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`,
  )
  if (found.rows[0]?.found !== true) return undefined
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  )
  return rows
}

/**
 * The migrations that the database lacks, oldest first. One that it has and we do not know is no error: during a
 * rolling update an older process may start beside a newer one.
 * Errors: DATABASE_MIGRATION_EDITED, DATABASE_MIGRATION_OUT_OF_ORDER.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  history: readonly AppliedMigration[],
  database: string,
): Migration[] {
  const applied = new Map(history.filter((row) => row.finished).map((row) => [row.name, row]))
  const pending: Migration[] = []
  for (const migration of migrations) {
    const row = applied.get(migration.name)
    const before = pending[0]
    if (row === undefined) pending.push(migration)
    else if (row.checksum !== migration.checksum) {
      throw databaseError('DATABASE_MIGRATION_EDITED', [migration.name, database])
    } else if (before !== undefined) {
      throw databaseError('DATABASE_MIGRATION_OUT_OF_ORDER', [before.name, migration.name, database])
    }
  }
  return pending
}

/**
 * Scripts run as a whole or not at all and are marked finished in the same transaction (see schema-adapter.ts), so
 * nothing is left of one that is not marked, and it can simply be run again.
 */
export async function forgetUnfinished(client: pg.Client): Promise<void> {
  await client.query(
    'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL',
  )
}
