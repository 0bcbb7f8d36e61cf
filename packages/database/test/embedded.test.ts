import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import t, { type Test } from 'tap'
import { placeBinaries } from '../src/embedded/placement.ts'
import { processIdentity } from '../src/embedded/process-identity.ts'
import { type EmbeddedPostgres, hasDatabaseCode, startEmbeddedPostgres, withClient } from '../src/index.ts'
import { startInChild } from './child.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }
const rootOnly = isRoot ? {} : { skip: 'needs root' }

async function directory(t: Test, mode = 0o711): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'slipway-test-'))
  await chmod(path, mode)
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function start(t: Test, dataDir: string, more = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, durable: false, ...more })
  t.teardown(() => server.stop())
  return server
}

// One data directory for all tests that can live with what others left there: creating one takes the most time.
const shared = join(await directory(t), 'data', 'postgres')

/** A data directory of its own, copied from the shared one while no server runs there. */
async function copyOfShared(t: Test, name = 'pg'): Promise<string> {
  const dataDir = join(await directory(t), name)
  await promisify(execFile)('cp', ['-a', shared, dataDir])
  return dataDir
}

const one = async (connection: string | pg.ClientConfig, sql: string): Promise<unknown> => {
  const { rows } = await withClient(connection, (client) => client.query({ text: sql, rowMode: 'array' }))
  return rows[0]?.[0]
}

t.test('starts an empty UTF8 database and keeps what is written over a stop', async (t) => {
  const first = await start(t, shared)
  await first.ensureDatabase('inventory')
  await first.ensureDatabase('inventory')
  t.equal(await one(first.connection('inventory'), 'SHOW server_encoding'), 'UTF8')
  t.equal(await one(first.url('inventory'), 'SHOW lc_collate'), 'C')
  await withClient(first.url('inventory'), (client) => client.query("CREATE TABLE box AS SELECT 'ö' AS name"))
  await first.stop()
  await first.stop()
  const second = await start(t, shared)
  t.equal(await one(second.url('inventory'), 'SELECT name FROM box'), 'ö')
})

t.test('listens on a socket that only its user can reach, and on no port', async (t) => {
  const server = await start(t, shared)
  t.equal(await one(server.url('postgres'), 'SHOW listen_addresses'), '')
  t.equal(await one(server.url('postgres'), 'SHOW shared_buffers'), '64MB')
  const { host = '' } = server.connection('postgres')
  t.equal((await stat(host)).mode & 0o777, 0o700)
  const memoryKb = await server.memoryKb()
  t.ok(memoryKb === undefined || memoryKb > 1_000)
})

t.test('listens on TCP for whoever has the password of this start, if asked to', async (t) => {
  const server = await start(t, shared, { tcpPort: await freePort() })
  const tcp = server.tcpUrl('postgres') ?? ''
  t.equal(await one(tcp, 'SELECT 1'), 1)
  const { password } = new URL(tcp)
  const guess = tcp.replace(password, `${'0'.repeat(password.length)}`)
  await t.rejects(one(guess, 'SELECT 1'), { code: '28P01' }, 'a wrong password')
  t.equal(await one(tcp, 'SHOW listen_addresses'), '127.0.0.1')
  t.equal(await one(server.url('postgres'), 'SELECT 1'), 1, 'the socket stays under its name')
  await server.stop()
  const next = await start(t, shared, { tcpPort: Number(new URL(tcp).port) })
  await t.rejects(one(tcp, 'SELECT 1'), { code: '28P01' }, 'the password of the start before')
  await next.stop()
  t.equal((await start(t, shared)).tcpUrl('postgres'), undefined)
})

t.test('takes a short temporary path for the socket of a deep or strange data directory', async (t) => {
  for (const name of ['a'.repeat(120), 'with blank, comma']) {
    const server = await start(t, await copyOfShared(t, name))
    const { host = '' } = server.connection('postgres')
    t.ok(Buffer.byteLength(`${host}/.s.PGSQL.5432`) <= 100, host)
    t.equal(await one(server.url('postgres'), 'SELECT 1'), 1)
    await server.stop()
    await t.rejects(stat(host), { code: 'ENOENT' })
  }
})

t.test('refuses a path that cannot be given to PostgreSQL', async (t) => {
  await t.rejects(startEmbeddedPostgres({ dataDir: '/tmp/a"b' }), { code: 'DATABASE_PATH_INVALID' })
})

t.test('refuses a name that is not one of a database', async (t) => {
  const server = await start(t, shared)
  for (const name of ['', 'A', '1a', 'a-b', 'a"b', 'a'.repeat(64)]) {
    await t.rejects(server.ensureDatabase(name), { code: 'DATABASE_NAME_INVALID' })
  }
})

t.test('refuses a second Slipway on one data directory, in this process and in another', async (t) => {
  await start(t, shared)
  await t.rejects(startEmbeddedPostgres({ dataDir: shared }), { code: 'DATABASE_LOCKED' })
  const { started, ended } = await startInChild(shared)
  t.equal(started.code, 'DATABASE_LOCKED')
  await ended
})

t.test('of many that start at once on one data directory at most one gets it', async (t) => {
  const dataDir = join(await directory(t), 'pg')
  const children = await Promise.all([1, 2, 3].map(() => startInChild(dataDir)))
  const codes = children.map(({ started }) => started.code ?? 'up')
  t.ok(codes.filter((code) => code === 'up').length <= 1, codes.join())
  for (const { child } of children) child.stdin.end()
  await Promise.all(children.map(({ ended }) => ended))
  await start(t, dataDir)
})

t.test('after a SIGKILL the next start needs no hand: it stops what was left running', async (t) => {
  const { child, started, ended } = await startInChild(shared)
  await withClient(started.url, (client) => client.query('CREATE TABLE box (id int)'))
  child.kill('SIGKILL')
  await ended
  t.ok(await processIdentity(started.pid), 'PostgreSQL outlives the application')
  const server = await start(t, shared)
  t.not(server.pid, started.pid)
  t.equal(await processIdentity(started.pid), undefined)
  t.equal(await one(server.url('probe'), 'SELECT count(*)::int FROM box'), 0)
})

t.test('a SIGKILL of PostgreSQL itself is healed by the next start', async (t) => {
  const first = await start(t, shared)
  process.kill(first.pid, 'SIGKILL')
  await first.stop()
  const second = await start(t, shared)
  t.equal(await one(second.url('postgres'), 'SELECT 1'), 1)
})

t.test('a postmaster.pid that names somebody else stops neither the start nor that process', async (t) => {
  const first = await start(t, shared)
  const pidFile = join(first.home, 'pgdata', 'postmaster.pid')
  const lines = (await readFile(pidFile, 'utf8')).split('\n')
  await first.stop()
  await writeFile(pidFile, [String(process.ppid), ...lines.slice(1)].join('\n'))
  const second = await start(t, shared)
  t.equal(await one(second.url('postgres'), 'SELECT 1'), 1)
})

const onlyProcTells = { skip: process.platform === 'linux' ? false : 'only /proc tells' }
t.test(
  'PostgreSQL has a session of its own, so that a Ctrl-C does not reach it',
  onlyProcTells,
  async (t) => {
    const server = await start(t, shared)
    const session = async (pid: number) =>
      (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[3]
    t.not(await session(server.pid), await session(process.pid))
  },
)

t.test('starts without any locale in the environment', async (t) => {
  const { child, started, ended } = await startInChild(shared, { env: {} })
  t.equal(await one(started.url, 'SHOW server_encoding'), 'UTF8')
  child.stdin.end()
  await ended
})

t.test('refuses databases that are not UTF8', async (t) => {
  const dataDir = await copyOfShared(t)
  const server = await start(t, dataDir)
  const ascii = (name: string) => `CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'SQL_ASCII'`
  await withClient(server.url('postgres'), (client) => client.query(ascii('old')))
  await t.rejects(server.ensureDatabase('old'), { code: 'DATABASE_NOT_UTF8' })
  await withClient(server.url('template1'), async (client) => {
    await client.query('DROP DATABASE postgres')
    await client.query(ascii('postgres'))
  })
  await server.stop()
  await t.rejects(startEmbeddedPostgres({ dataDir }), { code: 'DATABASE_NOT_UTF8' })
  await t.rejects(stat(join(server.home, 'pgdata', 'postmaster.pid')), { code: 'ENOENT' })
})

t.test('refuses files of another major version', async (t) => {
  const dataDir = await copyOfShared(t)
  const server = await start(t, dataDir)
  await server.stop()
  await writeFile(join(server.home, 'pgdata', 'PG_VERSION'), '14\n')
  await t.rejects(startEmbeddedPostgres({ dataDir }), { code: 'DATABASE_VERSION' })
})

t.test('a start that fails says what PostgreSQL said, and leaves the directory free', async (t) => {
  const server = await start(t, shared)
  await server.stop()
  const settings = join(server.home, 'pgdata', 'postgresql.conf')
  const good = await readFile(settings)
  await writeFile(settings, "nonsense_setting = 'x'\n")
  const failed = await startEmbeddedPostgres({ dataDir: shared }).catch((error: unknown) => error)
  t.ok(hasDatabaseCode(failed, 'DATABASE_START_FAILED'))
  t.match(String(failed), /nonsense_setting/)
  await writeFile(settings, good)
  await start(t, shared)
})

t.test('runs as a normal user', rootOnly, async (t) => {
  const base = await directory(t, 0o777)
  const { child, started, ended } = await startInChild(join(base, 'pg'), NOBODY)
  t.equal((await stat(join(started.home, 'pgdata'))).uid, NOBODY.uid)
  t.equal(await one(started.url, 'SHOW server_encoding'), 'UTF8')
  child.stdin.end()
  await ended
  // Root may go on with it: the server then runs as the owner of the files.
  const server = await start(t, join(base, 'pg'))
  t.equal((await stat(`/proc/${server.pid}`)).uid, NOBODY.uid)
})

t.test('a normal user is told that the database is another user’s', rootOnly, async (t) => {
  const server = await start(t, shared)
  await server.stop()
  const { started, ended } = await startInChild(shared, NOBODY)
  t.equal(started.code, 'DATABASE_OWNER')
  await ended
})

t.test('as root below a closed home', rootOnly, async (t) => {
  const home = await directory(t, 0o700)
  const placementRoot = await directory(t, 0o755)
  const dataDir = join(home, 'slipway', 'data', 'postgres')

  await t.test('places the database where PostgreSQL can enter, and finds it again', async (t) => {
    const first = await start(t, dataDir, { placementRoot })
    t.ok(first.home.startsWith(placementRoot))
    await first.ensureDatabase('probe')
    await first.stop()
    const second = await start(t, dataDir, { placementRoot })
    t.equal(second.home, first.home)
    t.equal(await one(second.url('probe'), 'SELECT 1'), 1)
    await second.stop()
  })

  await t.test('gives an empty database to who deletes the data directory', async (t) => {
    const before = await readFile(join(dataDir, 'placed-at'), 'utf8')
    await rm(dataDir, { recursive: true })
    const server = await start(t, dataDir, { placementRoot })
    t.not(server.home, before.trim())
    await server.stop()
  })

  await t.test('does not begin anew when the place is gone', async (t) => {
    const home = (await readFile(join(dataDir, 'placed-at'), 'utf8')).trim()
    await rm(home, { recursive: true })
    const again = startEmbeddedPostgres({ dataDir, placementRoot })
    await t.rejects(again, { code: 'DATABASE_PLACE_LOST' })
  })

  await t.test('does not begin anew when the way to an old database was closed', async (t) => {
    const open = await directory(t, 0o755)
    const server = await start(t, join(open, 'pg'), { placementRoot })
    await server.stop()
    await chmod(open, 0o700)
    const again = startEmbeddedPostgres({ dataDir: join(open, 'pg'), placementRoot })
    await t.rejects(again, { code: 'DATABASE_PLACEMENT_FAILED' })
  })

  await t.test('copies the binaries, readable for everybody', async (t) => {
    const source = join(home, 'native')
    await mkdir(join(source, 'bin'), { recursive: true, mode: 0o700 })
    await mkdir(join(source, 'share', 'postgresql'), { recursive: true, mode: 0o700 })
    await writeFile(join(source, 'bin', 'postgres'), 'x', { mode: 0o700 })
    await writeFile(join(source, 'share', 'postgresql', 'postgres.bki'), 'y', { mode: 0o600 })
    const binaries = { directory: source, version: '1' }
    const copy = await placeBinaries(binaries, NOBODY, placementRoot)
    t.equal(copy, join(placementRoot, 'postgresql-1'))
    t.equal((await stat(join(copy, 'bin', 'postgres'))).mode & 0o777, 0o755)
    t.equal((await stat(join(copy, 'share', 'postgresql', 'postgres.bki'))).mode & 0o777, 0o644)
    t.equal(await placeBinaries(binaries, NOBODY, placementRoot), copy)
    t.equal(await placeBinaries(binaries, undefined, placementRoot), source)
  })
})
