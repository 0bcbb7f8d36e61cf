import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { inDatabase, migrate, withClient } from '../src/index.ts'
import { checkMigrations, createMigration, migrationDiff } from '../src/migrations/develop.ts'
import { runScript } from './child.ts'
import { emptyDatabase, testServer } from './server.ts'

const sender = fileURLToPath(new URL('./fixtures/sender/prisma/', import.meta.url))
const server = await testServer(t)

async function migrationsDir(t: Test, migrations: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  for (const [name, sql] of Object.entries(migrations)) await put(directory, name, sql)
  return directory
}

async function put(directory: string, name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true })
  await writeFile(join(directory, name, 'migration.sql'), sql)
}

const query = async (connection: string, sql: string): Promise<Record<string, unknown>[]> =>
  (await withClient(connection, (client) => client.query<Record<string, unknown>>(sql))).rows

const FIRST = '20260101000000_init'
const SECOND = '20260102000000_more'

t.test('applies migrations in order, once, and keeps the history as Prisma does', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, {
    [SECOND]: 'ALTER TABLE box ADD COLUMN name text;',
    [FIRST]: 'CREATE TABLE box (id int PRIMARY KEY);',
  })
  t.same(await migrate({ connection, migrationsDir: dir }), [FIRST, SECOND])
  t.same(await migrate({ connection, migrationsDir: dir }), [])
  const history = await query(connection, 'SELECT * FROM _prisma_migrations ORDER BY migration_name')
  t.match(history, [
    {
      migration_name: FIRST,
      checksum: /^[0-9a-f]{64}$/,
      logs: null,
      rolled_back_at: null,
      applied_steps_count: 1,
    },
    { migration_name: SECOND, logs: null, rolled_back_at: null, applied_steps_count: 1 },
  ])
  t.ok(history.every((row) => row['finished_at'] instanceof Date))
})

t.test('never loads the schema engine when there is nothing to do', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, { [FIRST]: 'CREATE TABLE box (id int PRIMARY KEY);' })
  const once = async (): Promise<unknown> =>
    JSON.parse(await text(runScript('migrate-once.ts', [connection, dir]).stdout))
  t.same(await once(), { applied: [FIRST], engine: true })
  t.same(await once(), { applied: [], engine: false })
})

t.test('a script may hold semicolons in functions, blocks, strings and comments', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, {
    [FIRST]: `
      CREATE TABLE box (id int PRIMARY KEY, name text); -- first; then
      CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN n := n * 2; RETURN n; END; $$;
      DO $$ BEGIN INSERT INTO box VALUES (twice(2), 'a;b'); END $$;`,
  })
  await migrate({ connection, migrationsDir: dir })
  t.same(await query(connection, 'SELECT * FROM box'), [{ id: 4, name: 'a;b' }])
})

t.test('a script that fails leaves nothing, says why, and is tried again at the next start', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, {
    [FIRST]: 'CREATE TABLE box (id int PRIMARY KEY);',
    [SECOND]: 'CREATE TABLE half (id int);\nINSERT INTO half\nVALUES (nonsense);',
  })
  const failed = await migrate({ connection, migrationsDir: dir }).catch((error: unknown) => error)
  t.match(failed, { code: 'DATABASE_MIGRATION_FAILED' })
  t.match(String(failed), /20260102000000_more.*column "nonsense" does not exist \(line 3\)/)
  t.same(await query(connection, "SELECT to_regclass('half')::text AS half"), [{ half: null }])
  await put(dir, SECOND, 'CREATE TABLE half (id int);')
  t.same(await migrate({ connection, migrationsDir: dir }), [SECOND])
  t.same(await query(connection, 'SELECT * FROM half'), [])
})

t.test('refuses a migration that was changed after it had been applied', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, { [FIRST]: 'CREATE TABLE box (id int PRIMARY KEY);' })
  await migrate({ connection, migrationsDir: dir })
  await put(dir, FIRST, 'CREATE TABLE box (id bigint PRIMARY KEY);')
  await t.rejects(migrate({ connection, migrationsDir: dir }), { code: 'DATABASE_MIGRATION_EDITED' })
})

t.test('refuses a migration older than one that was applied', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, { [SECOND]: 'CREATE TABLE box (id int PRIMARY KEY);' })
  await migrate({ connection, migrationsDir: dir })
  await put(dir, FIRST, 'SELECT 1;')
  await t.rejects(migrate({ connection, migrationsDir: dir }), { code: 'DATABASE_MIGRATION_OUT_OF_ORDER' })
})

t.test('starts beside a newer version, whose migrations it does not know', async (t) => {
  const connection = await emptyDatabase(server)
  const newer = await migrationsDir(t, { [FIRST]: 'SELECT 1;', [SECOND]: 'SELECT 2;' })
  const older = await migrationsDir(t, { [FIRST]: 'SELECT 1;' })
  await migrate({ connection, migrationsDir: newer })
  t.same(await migrate({ connection, migrationsDir: older }), [])
})

t.test('says which migration cannot be read', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, {})
  await mkdir(join(dir, FIRST))
  await t.rejects(migrate({ connection, migrationsDir: dir }), { code: 'DATABASE_MIGRATION_UNREADABLE' })
  const missing = migrate({ connection, migrationsDir: join(dir, 'none') })
  await t.rejects(missing, { code: 'DATABASE_MIGRATION_UNREADABLE' })
})

t.test('refuses a database that is not UTF8', async (t) => {
  await query(server.url('postgres'), `CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII'`)
  const dir = await migrationsDir(t, { [FIRST]: 'SELECT 1;' })
  const ascii = migrate({ connection: server.url('ascii'), migrationsDir: dir })
  await t.rejects(ascii, { code: 'DATABASE_NOT_UTF8' })
})

t.test('of several replicas at once one applies, the others wait', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, {
    [FIRST]: 'CREATE TABLE box (id int PRIMARY KEY);',
    [SECOND]: 'SELECT 1;',
  })
  const results = await Promise.all([1, 2, 3, 4].map(() => migrate({ connection, migrationsDir: dir })))
  t.same(results.flat().sort(), [FIRST, SECOND])
  t.same(await query(connection, 'SELECT count(*)::int AS n FROM _prisma_migrations'), [{ n: 2 }])
})

t.test('does not wait for ever for another replica', async (t) => {
  const connection = await emptyDatabase(server)
  const dir = await migrationsDir(t, { [FIRST]: 'SELECT 1;' })
  await withClient(connection, async (client) => {
    await client.query(`SELECT pg_advisory_lock(${0x736c6970})`)
    const busy = migrate({ connection, migrationsDir: dir, lockTimeoutMs: 50 })
    await t.rejects(busy, { code: 'DATABASE_MIGRATION_BUSY' })
  })
})

t.test('a process killed in the middle of a script', async (t) => {
  const HELD = 'SELECT pid FROM pg_stat_activity WHERE wait_event = $1 AND datname = current_database()'
  const dir = await migrationsDir(t, {
    [FIRST]: 'CREATE TABLE box (id int PRIMARY KEY); SELECT pg_advisory_xact_lock(42); SELECT 1;',
  })
  /** Runs `then` when a process was killed while its script waits for lock 42, which is still held. */
  const killed = async (
    then: (connection: string, scriptPid: number, free: () => Promise<unknown>) => Promise<void>,
  ) => {
    const connection = await emptyDatabase(server)
    await withClient(connection, async (client) => {
      await client.query('SELECT pg_advisory_lock(42)')
      const child = runScript('migrate-once.ts', [connection, dir])
      let found: { pid: number }[] = []
      while (found.length === 0) {
        await delay(20)
        found = (await client.query<{ pid: number }>(HELD, ['advisory'])).rows
      }
      child.kill('SIGKILL')
      await once(child, 'exit')
      await then(connection, found[0]?.pid ?? 0, () => client.query('SELECT pg_advisory_unlock(42)'))
    })
  }

  await t.test('whose script PostgreSQL is still busy with: the next waits for its end', async (t) => {
    await killed(async (connection, _pid, free) => {
      const next = migrate({ connection, migrationsDir: dir })
      await free()
      t.same(await next, [FIRST])
      t.same(await query(connection, 'SELECT * FROM box'), [])
    })
  })

  await t.test('whose script was broken off is applied by the next', async (t) => {
    await killed(async (connection, pid, free) => {
      await query(connection, `SELECT pg_terminate_backend(${pid}, 5000)`)
      await free()
      t.same(await migrate({ connection, migrationsDir: dir }), [FIRST])
    })
  })
})

t.test('for developers', async (t) => {
  const connection = server.url('postgres')
  const copy = async (t: Test) => {
    const folder = await migrationsDir(t, {})
    await cp(sender, folder, { recursive: true })
    return {
      connection,
      schemaPath: join(folder, 'schema.prisma'),
      migrationsDir: join(folder, 'migrations'),
    }
  }

  await t.test('the check passes when migrations and schema agree, and leaves no database', async (t) => {
    t.same(await checkMigrations(await copy(t)), [])
    const left = await query(connection, "SELECT datname FROM pg_database WHERE datname LIKE 'slipway_%'")
    t.same(left, [])
  })

  await t.test('writes the first migration and the next, and nothing when there is nothing', async (t) => {
    const options = await copy(t)
    await rm(options.migrationsDir, { recursive: true })
    t.match(await createMigration(options, 'init'), /\/\d{14}_init\/migration\.sql$/)
    t.same(await checkMigrations(options), [])
    t.equal(await createMigration(options, 'again'), undefined)
    const schema = await readFile(options.schemaPath, 'utf8')
    await writeFile(options.schemaPath, schema.replace('state String', 'state String\n  size  Int?'))
    t.match(await checkMigrations(options), [/ALTER TABLE "box" ADD COLUMN +"size" INTEGER/])
    const second = await createMigration(options, 'add_size')
    t.match(await readFile(second ?? '', 'utf8'), /ADD COLUMN +"size" INTEGER/)
    t.same(await checkMigrations(options), [])
    t.equal((await readdir(options.migrationsDir)).length, 3)
  })

  await t.test(
    'what the schema cannot say is neither a difference nor dropped by the next migration',
    async (t) => {
      const options = await copy(t)
      await put(
        options.migrationsDir,
        '20990101000000_by_hand',
        `CREATE UNIQUE INDEX box_running ON box (name) WHERE state = 'running';
       CREATE INDEX box_done ON box (state) WHERE state <> 'done';
       CREATE INDEX box_lower ON box (lower(name));
       ALTER TABLE box ADD CONSTRAINT box_state CHECK (state IN ('running', 'done'));
       CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END; $$;
       CREATE TRIGGER box_stamp BEFORE UPDATE ON box FOR EACH ROW EXECUTE FUNCTION stamp();`,
      )
      t.same(await checkMigrations(options), [])
      t.equal(await migrationDiff(options), '')
    },
  )

  await t.test('a table that the schema lacks is a difference', async (t) => {
    const options = await copy(t)
    await put(options.migrationsDir, '20990101000000_by_hand', 'CREATE TABLE crate (id int PRIMARY KEY);')
    t.match(await checkMigrations(options), [/DROP TABLE "crate"/])
  })

  await t.test('names what breaks the promise of all or nothing, and names without a date', async (t) => {
    const options = await copy(t)
    await put(options.migrationsDir, '20990101000000_a', 'BEGIN;\nSELECT 1;\nCOMMIT;')
    await put(options.migrationsDir, '20990102000000_b', 'CREATE INDEX CONCURRENTLY i ON box (state);')
    await put(options.migrationsDir, 'c', 'SELECT 1;')
    t.match(await checkMigrations(options), [
      /20990101000000_a: .* transactions/,
      /CONCURRENTLY/,
      /^c: the name/,
    ])
  })
})

t.test('names another database of the same server, in a URL as in settings', (t) => {
  const cases = [
    ['postgresql://u:p%40@h:1/a?x=1', 'postgresql://u:p%40@h:1/b?x=1'],
    ['postgresql://u@h', 'postgresql://u@h/b'],
    ['postgresql:///a?host=%2Ftmp', 'postgresql:///b?host=%2Ftmp'],
    ['postgres://h/?sslmode=require', 'postgres://h/b?sslmode=require'],
  ]
  for (const [from = '', to] of cases) t.same(inDatabase(from, 'b'), { connectionString: to })
  t.same(inDatabase({ host: 'h', database: 'a' }, 'b'), { host: 'h', database: 'b' })
  t.end()
})
