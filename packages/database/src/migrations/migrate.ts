import type pg from 'pg'
import { type Connection, checkEncoding, withClient } from '../connections/connection.ts'
import { databaseError, messageOf } from '../errors.ts'
import { type Log, silentLog } from '../log.ts'
import { forgetUnfinished, pendingMigrations, readHistory } from './history.ts'
import { type Migration, readMigrations } from './migration-files.ts'

/** Key of the advisory lock ("slipway" in hexadecimal); advisory locks are apart for each database. */
const MIGRATION_LOCK = '0x736c6970776179'
const LONGEST_WAIT_SECONDS = 120

/** Marks the script's row in its own transaction: whether it was applied is never in doubt after a kill. */
const MARK_FINISHED =
  'UPDATE "_prisma_migrations" SET finished_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL'

export interface MigrateOptions {
  readonly connection: Connection
  /** The service's `prisma/migrations`. */
  readonly migrationsDir: string
  readonly log?: Log
}

/**
 * Brings a database to the newest migration and returns the names it applied, oldest first. Safe to call from all
 * replicas at once. Keeps the history in `_prisma_migrations`, so `prisma migrate deploy` stays usable elsewhere.
 * With nothing to do it costs two small queries and never loads the schema engine.
 * Errors: DATABASE_MIGRATION_*, DATABASE_NOT_UTF8, DATABASE_ENGINE_FAILED.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const log = options.log ?? silentLog
  const migrations = await readMigrations(options.migrationsDir)
  return withClient(options.connection, async (client) => {
    const database = await checkEncoding(client)
    const before = pendingMigrations(migrations, (await readHistory(client)) ?? [], database)
    if (before.length === 0) return []
    await takeLock(client, database)
    // Another replica may have applied them while we waited.
    const history = await readHistory(client)
    const pending = pendingMigrations(migrations, history ?? [], database)
    if (history !== undefined) await forgetUnfinished(client)
    for (const migration of pending) {
      await apply(options.connection, migrations, migration, database)
      log.info({ database, migration: migration.name }, 'applied a migration')
    }
    return pending.map((migration) => migration.name)
  })
}

/** The lock belongs to the session and ends with it, also if this process is killed. */
async function takeLock(client: pg.Client, database: string): Promise<void> {
  await client.query(`SET lock_timeout = '${LONGEST_WAIT_SECONDS}s'`)
  try {
    await client.query(`SELECT pg_advisory_lock(${BigInt(MIGRATION_LOCK)})`)
  } catch (error) {
    throw databaseError('DATABASE_MIGRATION_BUSY', [database, LONGEST_WAIT_SECONDS], error)
  }
}

async function apply(
  connection: Connection,
  migrations: readonly Migration[],
  migration: Migration,
  database: string,
): Promise<void> {
  const { migrationList, noFilter, withSchemaEngine } = await import('./schema-engine.ts')
  const upToThis = migrations.filter(({ name }) => name <= migration.name)
  const afterScript = { script: migration.sql, sql: MARK_FINISHED }
  let cause: unknown
  const onScriptError = (error: unknown): void => {
    cause = error
  }
  try {
    await withSchemaEngine(connection, { onScriptError, afterScript }, (engine) =>
      engine.applyMigrations({ migrationsList: migrationList(upToThis), filters: noFilter }),
    )
  } catch (error) {
    const reason = cause === undefined ? messageOf(error) : describe(cause, migration.sql)
    throw databaseError('DATABASE_MIGRATION_FAILED', [migration.name, database, reason], cause ?? error)
  }
}

/** PostgreSQL's message with the line of the script. */
function describe(error: unknown, sql: string): string {
  const position = error instanceof Error && 'position' in error ? Number(error.position) : 0
  if (!(position > 0)) return messageOf(error)
  return `${messageOf(error)} (line ${sql.slice(0, position).split('\n').length})`
}
