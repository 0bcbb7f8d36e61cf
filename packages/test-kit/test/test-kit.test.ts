import { mkdir, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { withClient } from '@slipway/database'
import t from 'tap'
import {
  assertNoLeaks,
  database,
  freePort,
  haveNatsServer,
  mustCall,
  natsServer,
  type Teardown,
  tempDir,
  until,
} from '../src/index.ts'

/** A `t` whose end the test decides. */
function ownEnd(): Teardown & { end(): Promise<void> } {
  const undos: (() => unknown)[] = []
  return {
    teardown: (undo) => undos.unshift(undo),
    end: async () => {
      for (const undo of undos) await undo()
    },
  }
}

t.test('until returns the first true answer and asks no more', async (t) => {
  let asked = 0
  const answer = await until(() => (++asked === 3 ? 'yes' : undefined), { message: 'the third answer' })
  t.equal(answer, 'yes')
  t.equal(asked, 3)
})

t.test('until says what it waited for and what it saw last', async (t) => {
  const never = until(() => 0, { timeoutMs: 30, message: 'a one' })
  await t.rejects(never, { message: 'Not within 30 ms: a one. Last: 0' })
  const failing = until(() => Promise.reject(new Error('away')), { timeoutMs: 30, message: 'an answer' })
  await t.rejects(failing, { message: 'Not within 30 ms: an answer. Last: away', cause: { message: 'away' } })
})

t.test('until stops when it is told to', async (t) => {
  const controller = new AbortController()
  const waiting = until(() => false, { message: 'nothing', signal: controller.signal })
  controller.abort()
  await t.rejects(waiting, { name: 'AbortError' })
})

t.test('a free port can be listened on', async (t) => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.ok(port > 0)
  await new Promise((resolve) => server.close(resolve))
})

t.test('a temporary directory goes with its test', async (t) => {
  const test = ownEnd()
  const directory = await tempDir(test)
  t.ok((await stat(directory)).isDirectory())
  await test.end()
  await t.rejects(stat(directory), { code: 'ENOENT' })
})

t.test('a listening server that is left behind fails its test', async (t) => {
  const test = ownEnd()
  assertNoLeaks(test)
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  await t.rejects(test.end(), { message: 'The test leaves behind: TCPServerWrap' })
  await new Promise((resolve) => server.close(resolve))
})

t.test('what is given back is no leak, also if it was registered later', async (t) => {
  const test = ownEnd()
  assertNoLeaks(test)
  const timer = setTimeout(() => undefined, 60_000)
  test.teardown(() => clearTimeout(timer))
  await test.end()
  t.pass()
})

t.test('mustCall counts', async (t) => {
  const test = ownEnd()
  const twice = mustCall(test, (a: number) => a + 1, 2)
  t.equal(twice(1), 2)
  await t.rejects(test.end(), { message: 'Expected 2 call(s) of a function, saw 1' })
  twice(1)
  await test.end()
})

t.test('tap runs teardowns in reverse, which the leak check rests on', async (t) => {
  const order: number[] = []
  await t.test('inner', async (t) => {
    t.teardown(() => order.push(1))
    t.teardown(() => order.push(2))
  })
  t.same(order, [2, 1])
})

t.test('databases', async (t) => {
  const migrationsDir = join(await tempDir(t), 'migrations')
  const first = join(migrationsDir, '20260101000000_init')
  await mkdir(first, { recursive: true })
  await writeFile(join(first, 'migration.sql'), 'CREATE TABLE box (id int PRIMARY KEY);')

  await t.test('each test has a migrated database of its own', async (t) => {
    const [one, two] = await Promise.all([database(t, { migrationsDir }), database(t, { migrationsDir })])
    await withClient(one.connection, (client) => client.query('INSERT INTO box VALUES (1)'))
    const count = 'SELECT count(*)::int AS n FROM box'
    t.same((await withClient(one.url, (client) => client.query(count))).rows, [{ n: 1 }])
    t.same((await withClient(two.url, (client) => client.query(count))).rows, [{ n: 0 }])
  })

  await t.test('a changed migration makes another template', async (t) => {
    await writeFile(join(first, 'migration.sql'), 'CREATE TABLE crate (id int PRIMARY KEY);')
    const { connection } = await database(t, { migrationsDir })
    t.same((await withClient(connection, (client) => client.query('SELECT * FROM crate'))).rows, [])
  })

  await t.test('a database is dropped with its test, even while somebody is connected', async (t) => {
    const test = ownEnd()
    const { name, connection } = await database(test)
    const other = await database(t)
    await withClient(connection, async (client) => {
      await client.query('SELECT 1')
      await test.end()
    })
    const found = await withClient(other.connection, (client) =>
      client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]),
    )
    t.same(found.rows, [])
  })
})

/** What a NATS server says first; 'ended' if there is none. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', (data) => {
      resolve(data.toString().split(' ')[0] ?? '')
      socket.destroy()
    })
    socket.once('error', () => resolve('ended'))
  })
}

t.test('a NATS server', async (t) => {
  if (!haveNatsServer(t)) return
  await t.test('runs until its test ends, on the same port after a restart', async (t) => {
    assertNoLeaks(t)
    const test = ownEnd()
    const server = await natsServer(test)
    t.equal(await greeting(server.port), 'INFO')
    const first = server.pid
    await server.restart()
    t.not(server.pid, first)
    t.equal(await greeting(server.port), 'INFO')
    await server.stop()
    t.equal(await greeting(server.port), 'ended')
    await server.start()
    await test.end()
    t.equal(await greeting(server.port), 'ended')
  })

  await t.test('tells why it does not start or does not take new settings', async (t) => {
    await t.rejects(natsServer(t, { config: 'no_such_setting: {' }), /nats-server ended:/)
    const server = await natsServer(t)
    await server.reload({ config: 'debug: true' })
    await t.rejects(server.reload({ config: 'cluster { port: -1 }' }), /Failed to reload/)
  })
})

t.test('without the binary tests are left out with a word, and never in CI', async (t) => {
  const { PATH, CI } = process.env
  t.teardown(() => {
    Object.assign(process.env, { PATH, CI })
    if (CI === undefined) delete process.env['CI']
  })
  process.env['PATH'] = await tempDir(t)
  delete process.env['CI']
  const places = { places: [] }
  const said: string[] = []
  t.equal(haveNatsServer({ pass: (name, { skip }) => said.push(`${name}: ${skip}`) }, places), false)
  t.match(said, [/LEFT OUT.*apt-get install nats-server/])
  process.env['CI'] = '1'
  t.throws(() => haveNatsServer({ pass: () => undefined }, places), /cannot run/)
})
