import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t, { type Test } from 'tap'
import { asUnavailable, createPool, inPoolTransaction, withClient } from '../src/index.ts'
import { testServer } from './server.ts'

const server = await testServer(t)

async function build(t: Test, max = 1): Promise<pg.Pool> {
  const name = `pool_${randomBytes(6).toString('hex')}`
  await withClient(server.url('postgres'), (client) => client.query(`CREATE DATABASE ${name}`))
  const pool = createPool(server.url(name), { max })
  t.teardown(() => pool.end())
  return pool
}

t.test('a plan that was made while tables were small never reads whole tables later', async (t) => {
  const pool = await build(t)
  await pool.query(
    `CREATE TABLE host (id int PRIMARY KEY); CREATE TABLE job (id int PRIMARY KEY, host int REFERENCES host)`,
  )
  await pool.query('INSERT INTO host VALUES (1); INSERT INTO job VALUES (1, 1)')
  await pool.query('VACUUM ANALYZE')
  const text = 'SELECT job.id FROM job JOIN host ON host.id = job.host WHERE job.id = ANY($1::int[])'
  // After five times PostgreSQL remembers one plan for whatever is asked.
  for (let times = 0; times < 7; times++) await pool.query({ name: 'jobs', text, values: [[1]] })
  const { rows: remembered } = await pool.query(
    "SELECT generic_plans::int AS plans FROM pg_prepared_statements WHERE name = 'jobs'",
  )
  t.ok(remembered[0]?.plans > 0, 'the plan is remembered')
  const { rows } = await pool.query("EXPLAIN EXECUTE jobs('{1}')")
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  t.match(plan, /Index.* on job/)
  t.notMatch(plan, /Seq Scan/)
})

t.test('sessions are in UTC', async (t) => {
  const { rows } = await (await build(t)).query('SHOW timezone')
  t.same(rows, [{ TimeZone: 'UTC' }])
})

t.test(
  'who stands still in the middle of a transaction loses it, and with it what it has locked',
  async (t) => {
    const pool = await build(t, 2)
    const { rows } = await pool.query('SHOW idle_in_transaction_session_timeout')
    t.same(rows, [{ idle_in_transaction_session_timeout: '10s' }], 'before anybody else takes a run over')
    let goOn = () => {}
    const resumed = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const locked = new Promise<void>((done) => {
      const frozen = inPoolTransaction(pool, async (client) => {
        await client.query(
          'SET LOCAL idle_in_transaction_session_timeout = 50; SELECT pg_advisory_xact_lock(1)',
        )
        done()
        await resumed
        await client.query('SELECT 1')
      })
      void t.rejects(frozen, { code: 'BUS_UNAVAILABLE' }, 'that it may try again, it is told when it goes on')
    })
    await locked
    await inPoolTransaction(pool, (client) => client.query('SELECT pg_advisory_xact_lock(1)'))
    goOn()
  },
)

t.test('the server may tell of it in its answer', (t) => {
  const told = Object.assign(new pg.DatabaseError('terminating connection', 1, 'error'), { code: '25P03' })
  t.match(asUnavailable(told), { code: 'BUS_UNAVAILABLE' })
  const refused = new Error('Client has encountered a connection error and is not queryable')
  t.match(asUnavailable(refused), { code: 'BUS_UNAVAILABLE' })
  t.end()
})
