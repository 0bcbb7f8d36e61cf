import { createHash, randomBytes } from 'node:crypto'
import { inDatabase, migrate, readMigrations, withClient } from '@slipway/database'
import type { ClientConfig } from 'pg'
import type { Teardown } from './teardown.ts'
import { startTestPostgres } from './test-server.ts'

export interface DatabaseOptions {
  /** A service's `prisma/migrations`; without it the database is empty. */
  readonly migrationsDir?: string
}

export interface TestDatabase {
  readonly name: string
  readonly url: string
  readonly connection: ClientConfig
}

/** Key of the advisory lock under which templates are made ("test" in ASCII). */
const TEMPLATE_LOCK = 0x74657374

let own: Promise<string> | undefined

/**
 * The URL of a real PostgreSQL: the one that the runner names in SLIPWAY_TEST_DATABASE_URL, else one of this process,
 * which ends with it.
 */
export function postgres(): Promise<string> {
  const given = process.env['SLIPWAY_TEST_DATABASE_URL']
  if (given !== undefined && given !== '') return Promise.resolve(given)
  own ??= startTestPostgres().then((server) => server.url)
  return own
}

/**
 * A fresh database for a test, dropped with it. Migrations are applied once for all files of a run: to a template,
 * named after their content, of which each database is a copy (30 ms).
 */
export async function database(t: Teardown, options: DatabaseOptions = {}): Promise<TestDatabase> {
  const server = await postgres()
  const template =
    options.migrationsDir === undefined ? 'template0' : await ensureTemplate(server, options.migrationsDir)
  const name = `test_${randomBytes(8).toString('hex')}`
  await withClient(server, (client) =>
    client.query(`CREATE DATABASE "${name}" TEMPLATE "${template}" ENCODING 'UTF8'`),
  )
  t.teardown(() =>
    // Forced: a test that failed half-way may still be connected.
    withClient(server, (client) => client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)),
  )
  const connection = inDatabase(server, name)
  return { name, url: connection.connectionString ?? '', connection }
}

async function ensureTemplate(server: string, migrationsDir: string): Promise<string> {
  const migrations = await readMigrations(migrationsDir)
  const content = JSON.stringify(migrations.map(({ name, checksum }) => [name, checksum]))
  const template = `template_${createHash('sha256').update(content).digest('hex').slice(0, 24)}`
  await withClient(server, async (client) => {
    await client.query(`SELECT pg_advisory_lock(${TEMPLATE_LOCK})`)
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])
    if (rowCount === 1) return
    // Made under another name: a template that a killed process left half-made must not be taken for one.
    const part = `${template}_part`
    await client.query(`DROP DATABASE IF EXISTS "${part}" WITH (FORCE)`)
    await client.query(`CREATE DATABASE "${part}" TEMPLATE template0 ENCODING 'UTF8'`)
    await migrate({ connection: inDatabase(server, part), migrationsDir })
    await client.query(`ALTER DATABASE "${part}" RENAME TO "${template}"`)
  })
  return template
}
