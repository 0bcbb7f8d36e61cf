import type pg from 'pg'
import { type Connection, checkEncoding, withClient } from '../connections/connection.ts'
import { databaseError, messageOf } from '../errors.ts'
import { type Log, silentLog } from '../log.ts'
import { forgetUnfinished, pendingMigrations, readHistory } from './history.ts'
import { type Migration, readMigrations } from './migration-files.ts'

/** Keys of advisory locks; these are apart for each database. The first is held by whoever migrates. */
const MIGRATING = 0x736c6970
/** Held by the transaction of a script: it may outlive the process that was killed while it ran. */
const SCRIPT_RUNNING = 0x736c6971

export interface MigrateOptions {
  readonly connection: Connection
  /** The service's `prisma/migrations`. */
  readonly migrationsDir: string
  readonly log?: Log
  /** How long to wait for another process that is migrating; default 2 minutes. */
  readonly lockTimeoutMs?: number
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
    await takeLock(client, database, options.lockTimeoutMs ?? 120_000)
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
async function takeLock(client: pg.Client, database: string, timeoutMs: number): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${Math.max(1, Math.trunc(timeoutMs))}`)
    await client.query(`SELECT pg_advisory_lock(${MIGRATING})`)
    await client.query(`SELECT pg_advisory_lock(${SCRIPT_RUNNING})`)
    await client.query(`SELECT pg_advisory_unlock(${SCRIPT_RUNNING})`)
  } catch (error) {
    throw databaseError('DATABASE_MIGRATION_BUSY', [database, timeoutMs / 1_000], error)
  }
}

/** One transaction for the script and its mark, so that after a kill it is never in doubt whether it was applied. */
async function runAtOnce(pool: pg.Pool, sql: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${SCRIPT_RUNNING})`)
    await client.query(sql)
    await client.query(
      'UPDATE "_prisma_migrations" SET finished_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL',
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  } finally {
    client.release()
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
  const { sql } = migration
  let cause: unknown
  const onScriptError = (error: unknown): void => {
    cause = error
  }
  try {
    await withSchemaEngine(
      connection,
      { onScriptError, migration: { sql, run: (pool) => runAtOnce(pool, sql) } },
      (engine) => engine.applyMigrations({ migrationsList: migrationList(upToThis), filters: noFilter }),
    )
  } catch (error) {
    const reason = cause === undefined ? messageOf(error) : describe(cause, sql)
    throw databaseError('DATABASE_MIGRATION_FAILED', [migration.name, database, reason], cause ?? error)
  }
}

/** PostgreSQL's message with the line of the script. */
function describe(error: unknown, sql: string): string {
  const position = error instanceof Error && 'position' in error ? Number(error.position) : 0
  if (!(position > 0)) return messageOf(error)
  return `${messageOf(error)} (line ${sql.slice(0, position).split('\n').length})`
}
