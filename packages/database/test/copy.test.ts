import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import pg from 'pg'
import t, { type Test } from 'tap'
import {
  asUnavailable,
  type CopyCell,
  copyLine,
  copyRows,
  createPool,
  inPoolTransaction,
  isDuplicate,
  withClient,
} from '../src/index.ts'
import { testServer } from './server.ts'

const server = await testServer(t)

const columns = ['id', 'text', 'number', 'texts', 'numbers']
type Row = [id: number, text: string | null, number: number | null, texts: string[], numbers: number[]]

/** A pool of one connection, so that what follows a failure must do with the same one. */
async function build(t: Test): Promise<pg.Pool> {
  const name = `copy_${randomBytes(6).toString('hex')}`
  await withClient(server.url('postgres'), (client) => client.query(`CREATE DATABASE ${name}`))
  const pool = createPool(server.url(name), { max: 1 })
  t.teardown(() => pool.end())
  await pool.query(
    'CREATE TABLE thing (id int PRIMARY KEY, text text, number int, texts text[], numbers int[])',
  )
  return pool
}

async function* portionsOf(...portions: readonly (readonly CopyCell[])[][]): AsyncGenerator<string> {
  for (const rows of portions) yield rows.map((row) => copyLine(row)).join('')
}

const store = (pool: pg.Pool, portions: AsyncIterable<string>) =>
  inPoolTransaction(pool, (client) => copyRows(client, 'thing', columns, portions))

async function stored(pool: pg.Pool): Promise<Row[]> {
  const { rows } = await pool.query({ text: 'SELECT * FROM thing ORDER BY id', rowMode: 'array' })
  return rows as Row[]
}

t.test('any text and list is stored as it is, but for what PostgreSQL cannot hold', async (t) => {
  const pool = await build(t)
  const nasty = [
    '',
    'NULL',
    '\\N',
    '\\.',
    '{}',
    '"',
    'a\tb',
    'a\nb',
    'a\r\n',
    '\\',
    'a,b',
    ' a ',
    'é😀',
    '{"a"}',
  ]
  const text = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary' }))
  const row = fc.tuple(
    fc.option(text),
    fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    fc.array(text, { maxLength: 3 }),
    fc.array(fc.nat({ max: 65_535 }), { maxLength: 3 }),
  )
  const given = fc.sample(row, 500).map((cells, id): Row => [id, ...cells])
  await store(pool, portionsOf(given.slice(0, 200), given.slice(200)))
  const held = (value: string) => Buffer.from(value).toString().replaceAll('\0', '\ufffd')
  const expected = given.map(([id, value, number, texts, numbers]): Row => {
    return [id, value === null ? null : held(value), number, texts.map(held), numbers]
  })
  t.same(await stored(pool), expected)
  await store(pool, portionsOf([[1_000, 'a\ud800b\0', null, ['\udc00'], []]]))
  t.same((await stored(pool)).at(-1), [1_000, 'a\ufffdb\ufffd', null, ['\ufffd'], []])
})

t.test('without rows nothing is sent', async (t) => {
  const pool = await build(t)
  await inPoolTransaction(pool, async (client) => {
    await client.query('DROP TABLE thing')
    await copyRows(client, 'thing', columns, portionsOf())
  })
  await t.rejects(stored(pool), { code: '42P01' })
})

t.test('what is refused or fails leaves nothing, and the connection goes on', async (t) => {
  const pool = await build(t)
  const row = (id: number): Row => [id, 'x'.repeat(1_000), 1, [], []]
  const many = (from: number) => Array.from({ length: 1_000 }, (_, n) => row(from + n))
  const twice = store(pool, portionsOf(many(0), many(1_000), [row(7)]))
  t.ok(isDuplicate(await twice.catch((error: unknown) => error)))
  await t.rejects(store(pool, portionsOf(many(0), [['one', null, null, [], []]])), { code: '22P02' })
  const failing = async function* () {
    yield* portionsOf(many(0), many(1_000))
    throw new Error('the row after them')
  }
  await t.rejects(store(pool, failing()), /the row after them/)
  await t.rejects(
    inPoolTransaction(pool, async (client) => {
      await copyRows(client, 'thing', columns, portionsOf([row(1)]))
      throw new Error('after the rows')
    }),
    /after the rows/,
  )
  t.same(await stored(pool), [])
  await store(pool, portionsOf([row(1)]))
  t.equal((await stored(pool)).length, 1)
})

t.test('rows are asked for while those before are stored, and no sooner', async (t) => {
  const pool = await build(t)
  let made = 0
  let bytes = 0
  const portions = async function* () {
    for (; made < 200; made += 1) {
      const line = copyLine([made, 'x'.repeat(100_000), null, [], []])
      bytes += line.length
      yield line
    }
  }
  await inPoolTransaction(pool, async (client) => {
    // Nobody can store while this table is locked: what is made must wait.
    const locker = new pg.Client(
      server.url((await client.query('SELECT current_database()')).rows[0].current_database),
    )
    await locker.connect()
    await locker.query('BEGIN; LOCK TABLE thing')
    const copied = copyRows(client, 'thing', columns, portions())
    for (let waiting = 0; waiting === 0; ) {
      const { rows } = await locker.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
      waiting = rows.length
    }
    t.ok(bytes < 2_000_000, `${bytes} bytes wait`)
    await locker.end()
    await copied
  })
  t.equal((await stored(pool)).length, 200)
})

t.test('a connection that breaks, or none at all, is a database that is away', async (t) => {
  const pool = await build(t)
  const broken = inPoolTransaction(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    await withClient(server.url('postgres'), (other) =>
      other.query('SELECT pg_terminate_backend($1)', [rows[0].pid]),
    )
    await copyRows(client, 'thing', columns, portionsOf([[1, 'x', 1, [], []]]))
  })
  await t.rejects(broken, { code: /^(BUS_UNAVAILABLE|57P01)$/ })
  await store(pool, portionsOf([[1, 'x', 1, [], []]]))
  t.equal((await stored(pool)).length, 1, 'the next one has a new connection')
  const nowhere = createPool({ host: '/nowhere', database: 'none' })
  t.teardown(() => nowhere.end())
  await t.rejects(store(nowhere, portionsOf()), { code: 'BUS_UNAVAILABLE' })
})

t.test('a pool that has no connection in time is not available', async (t) => {
  const pool = createPool(server.url('postgres'), { max: 1 })
  t.teardown(() => pool.end())
  const taken = await pool.connect()
  Object.assign(pool.options, { connectionTimeoutMillis: 20 })
  const error = await pool.query('SELECT 1').catch((thrown: unknown) => thrown)
  taken.release()
  t.match(error, { message: 'timeout exceeded when trying to connect' })
  t.match(asUnavailable(error), { code: 'BUS_UNAVAILABLE' })
})
