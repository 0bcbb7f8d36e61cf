// For developers: the SQL of the next migration, and the check that migrations and schema.prisma agree. Both need a
// server on which databases may be made (the history is played on a shadow database); the embedded one will do.
//
// What schema.prisma cannot say (partial and expression indexes, CHECK and EXCLUDE constraints, functions, triggers)
// is written into migration.sql by hand. The engine does not see it, so it is neither reported here as a difference
// nor dropped by the next migration. Tables, columns, plain indexes and enums must stand in schema.prisma.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Connection, inDatabase, withClient } from '../connections/connection.ts'
import { messageOf } from '../errors.ts'
import { migrate } from './migrate.ts'
import { type Migration, readMigrations } from './migration-files.ts'
import { migrationList, noFilter, withSchemaEngine } from './schema-engine.ts'

export interface DevelopOptions {
  /** A maintenance database of the server, with the right to create databases. */
  readonly connection: Connection
  readonly schemaPath: string
  readonly migrationsDir: string
}

/** `20260801120000_add_hosts` */
const MIGRATION_NAME = /^\d{14}_[a-z0-9_]+$/
const LOCK_FILE = '# Read by the Prisma CLI.\nprovider = "postgresql"\n'
/** `; COMMIT;` would break the promise that a script is applied as a whole or not at all. */
const TRANSACTION_CONTROL = /^\s*(?:BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION)\s*;/im
/** `CREATE INDEX CONCURRENTLY` cannot run within a transaction. */
const CONCURRENTLY = /\bINDEX\s+CONCURRENTLY\b/i

/** The SQL that leads from the migrations to schema.prisma; empty if they agree. */
export async function migrationDiff(options: DevelopOptions): Promise<string> {
  const content = await readFile(options.schemaPath, 'utf8')
  const migrations = await readMigrations(options.migrationsDir)
  return withSchemaEngine(options.connection, { onScriptError: () => undefined }, async (engine) => {
    const { stdout, exitCode } = await engine.diff({
      from: migrations.length === 0 ? { tag: 'empty' } : { tag: 'migrations', ...migrationList(migrations) },
      to: { tag: 'schemaDatamodel', files: [{ path: basename(options.schemaPath), content }] },
      script: true,
      exitCode: true,
      filters: noFilter,
    })
    return exitCode === 0 ? '' : (stdout ?? '')
  })
}

/** Writes the next migration and returns its path; undefined if there is nothing to do. @param name `add_hosts` */
export async function createMigration(options: DevelopOptions, name: string): Promise<string | undefined> {
  await mkdir(options.migrationsDir, { recursive: true })
  const sql = await migrationDiff(options)
  if (sql === '') return undefined
  const stamp = await nextStamp(options.migrationsDir)
  const directory = join(options.migrationsDir, `${stamp}_${name}`)
  await mkdir(directory)
  await writeFile(join(directory, 'migration.sql'), sql)
  await writeFile(join(options.migrationsDir, 'migration_lock.toml'), LOCK_FILE)
  return join(directory, 'migration.sql')
}

/** The time in digits, to the second; always after the newest migration, whatever the clock says. */
async function nextStamp(migrationsDir: string): Promise<string> {
  const now = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const newest = (await readMigrations(migrationsDir)).at(-1)?.name.slice(0, 14) ?? ''
  return /^\d{14}$/.test(newest) && newest >= now ? String(BigInt(newest) + 1n) : now
}

/** What is wrong with a service's migrations, in words; empty if nothing is. */
export async function checkMigrations(options: DevelopOptions): Promise<string[]> {
  const migrations = await readMigrations(options.migrationsDir)
  const problems = migrations.flatMap(checkText)
  try {
    const sql = await migrationDiff(options)
    if (sql !== '') problems.push(`schema.prisma and the migrations differ:\n${sql}`)
    problems.push(...(await checkRepeated(options)))
  } catch (error) {
    problems.push(messageOf(error))
  }
  return problems
}

function checkText({ name, sql }: Migration): string[] {
  const problems: string[] = []
  if (!MIGRATION_NAME.test(name)) problems.push(`${name}: the name must look like 20260801120000_add_hosts`)
  if (TRANSACTION_CONTROL.test(sql)) problems.push(`${name}: a migration must not begin or end transactions`)
  if (CONCURRENTLY.test(sql))
    problems.push(`${name}: a migration runs in a transaction, without CONCURRENTLY`)
  return problems
}

/** Applies everything to an empty database, twice: the second time must find nothing to do. */
async function checkRepeated(options: DevelopOptions): Promise<string[]> {
  const database = `slipway_check_${randomUUID().replaceAll('-', '')}`
  const connection = inDatabase(options.connection, database)
  const { migrationsDir } = options
  await withClient(options.connection, (client) =>
    client.query(`CREATE DATABASE "${database}" TEMPLATE template0 ENCODING 'UTF8'`),
  )
  try {
    await migrate({ connection, migrationsDir })
    const again = await migrate({ connection, migrationsDir })
    return again.length === 0 ? [] : [`applied a second time: ${again.join(', ')}`]
  } finally {
    await withClient(options.connection, (client) => client.query(`DROP DATABASE "${database}" WITH (FORCE)`))
  }
}
