// A request that comes again is answered as it was the first time: after a restart, at once at two replicas, and
// never with anything half-done.
import { randomUUID } from 'node:crypto'
import { type Caller, schedulerMessages } from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { build, chainOf, host, jobInput, type Running, testClock } from './support.ts'

const dayMs = 24 * 3_600_000
const repeatable = (key: string, fingerprint = 'f1') => ({ key, fingerprint })
const create = (running: Running, key: string, rows = chainOf(host(1)), fingerprint = 'f1') =>
  running.ask(schedulerMessages.createJobs, { rows, repeatable: repeatable(key, fingerprint) })
const reused = { code: 'SCHEDULER_KEY_REUSED' }

t.test('the same key and rows are answered with the same jobs, and nothing more is created', async (t) => {
  const running = await build(t)
  const { rows, first } = await create(running, 'a')
  t.equal(first, undefined)
  t.equal(rows.length, 5)
  t.same(await create(running, 'a'), { rows: [], first: { phase: 'creation', rows } })
  t.same(await running.ask(schedulerMessages.findAnswer, repeatable('a')), {
    first: { phase: 'creation', rows },
  })
  t.same(await running.ask(schedulerMessages.findAnswer, repeatable('b')), {})
  await t.rejects(create(running, 'a', chainOf(host(1)), 'f2'), reused)
  await t.rejects(running.ask(schedulerMessages.findAnswer, repeatable('a', 'f2')), reused)
  t.equal((await running.jobs()).length, 5)
})

t.test('rows that failed are part of the answer, also when all of them did', async (t) => {
  const running = await build(t)
  const wrong = jobInput(host(1), 'Activate', { dependency: { jobId: 99, asGiven: '99' } })
  const { rows } = await create(running, 'some', [wrong, jobInput(host(2), 'Commit')])
  t.match(rows, [{ error: { code: 'SCHEDULER_DEPENDENCY_NOT_FOUND' } }, { id: 1 }])
  t.same((await create(running, 'some', [wrong])).first, { phase: 'creation', rows })
  const none = await create(running, 'none', [wrong])
  t.same((await create(running, 'none')).first?.rows, none.rows)
  t.equal((await running.jobs()).length, 1)
})

t.test('a refusal is kept as well, and the first answer wins', async (t) => {
  const running = await build(t)
  const rows = [{ error: { code: 'ROW_KEY_MISSING' as const, message: 'x', params: [] } }, {}]
  const record = (key: string) => running.ask(schedulerMessages.recordRefusal, { ...repeatable(key), rows })
  t.match(await record('a'), { first: { phase: 'validation', rows } })
  t.match(await create(running, 'a'), { rows: [], first: { phase: 'validation' } })
  const created = await create(running, 'b')
  t.same((await record('b')).first, { phase: 'creation', rows: created.rows })
  t.equal((await running.jobs()).length, 5)
})

t.test('keys are their own for every user', async (t) => {
  const running = await build(t)
  await create(running, 'a')
  const other: Caller = { username: 'otto', privilege: 'Admin' }
  const request = { rows: [jobInput(host(3), 'Commit')], repeatable: repeatable('a', 'f9') }
  const answer = await running.bus.request(schedulerMessages.createJobs, request, { caller: other })
  t.equal(answer.first, undefined)
})

t.test('of many requests at once at two replicas one creates jobs', async (t) => {
  const running = await build(t, { replicas: 2 })
  const answers = await Promise.all(Array.from({ length: 8 }, () => create(running, 'a')))
  t.equal(answers.filter(({ first }) => first === undefined).length, 1)
  const ids = answers.map(({ rows, first }) => (first?.rows ?? rows).map(({ id }) => id).join())
  t.equal(new Set(ids).size, 1)
  t.equal((await running.jobs()).length, 5)
})

t.test('a request that breaks off on the way leaves neither jobs nor its key', async (t) => {
  const running = await build(t)
  await running.sql(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
    CREATE TRIGGER broken BEFORE UPDATE ON idempotency_key FOR EACH ROW EXECUTE FUNCTION refuse()`)
  await t.rejects(create(running, 'a'), { code: 'INTERNAL_UNEXPECTED' })
  t.same(await running.jobs(), [])
  t.same(await running.sql('SELECT 1 FROM idempotency_key'), [])
  await running.sql('DROP TRIGGER broken ON idempotency_key')
  t.equal((await create(running, 'a')).rows.length, 5)
})

t.test('after a day a key is new again, and what is old is swept away', async (t) => {
  const clock = testClock()
  const running = await build(t, { clock, config: { sweepInterval: 500 } })
  await create(running, 'a')
  clock.advance(dayMs - 1_000)
  t.ok((await create(running, 'a')).first)
  clock.advance(1_000)
  t.same(await running.ask(schedulerMessages.findAnswer, repeatable('a')), {})
  t.equal((await create(running, 'a', [jobInput(host(2), 'Commit')], 'f2')).first, undefined)
  await running.sql(
    `INSERT INTO idempotency_key VALUES ('olga', '${randomUUID()}', 'f', 'creation', '[]', now() - interval '2 days')`,
  )
  await running.stop()
  const again = await build(t, { clock, config: { sweepInterval: 500 }, database: running.db })
  await until(async () => (await again.sql('SELECT 1 FROM idempotency_key')).length === 1, {
    message: 'the old answer is gone',
  })
  t.match(await again.ask(schedulerMessages.findAnswer, repeatable('a', 'f2')), {
    first: { phase: 'creation', rows: [{ id: 6 }] },
  })
})
