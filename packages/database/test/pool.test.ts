import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import t, { type Test } from 'tap'
import { createPool, withClient } from '../src/index.ts'
import { testServer } from './server.ts'

const server = await testServer(t)

async function build(t: Test): Promise<pg.Pool> {
  const name = `pool_${randomBytes(6).toString('hex')}`
  await withClient(server.url('postgres'), (client) => client.query(`CREATE DATABASE ${name}`))
  const pool = createPool(server.url(name), { max: 1 })
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
