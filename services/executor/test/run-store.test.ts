import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Value } from '@sinclair/typebox/value'
import { type ClaimedJob, JobEvent } from '@slipway/contracts'
import { asUnavailable, createPool, prismaAdapter } from '@slipway/database'
import { loadConfig } from '@slipway/service-kit'
import { database, type Teardown, until } from '@slipway/test-kit'
import t from 'tap'
import { executorConfig } from '../src/config.ts'
import { openStore } from '../src/executor-store.ts'
import { PrismaClient } from '../src/generated/client.ts'
import { createEventStore } from '../src/runs/event-store.ts'
import { createJournalStore } from '../src/runs/journal-store.ts'
import type { RunResult } from '../src/runs/run.ts'
import { createRunStore, type RunStore } from '../src/runs/run-store.ts'
import { silentLog } from './silent-log.ts'

const times = { leaseMs: 30_000, renewMs: 10_000, takeOverGraceMs: 10_000, marginMs: 5_000 }
const done: RunResult = {
  outcome: 'completed',
  statusMessage: '',
  trace: '',
  warnings: [],
  packageChanges: [],
}
const command = {
  kind: 'activate',
  command: 'x',
  before: { at: '2026-11-21T00:00:00.000Z', targets: [], inactive: [], active: [] },
} as const

const job = (jobId: number, submission = 1): ClaimedJob => ({
  jobId,
  submission,
  kind: 'install',
  action: 'Activate',
  hostId: randomUUID(),
  hostname: 'r1',
  serverDirectory: '',
  softwarePackages: [],
  commandProfiles: [],
  createdBy: 'root',
})

async function open(t: Teardown) {
  const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url))
  const { connection } = await database(t, { migrationsDir })
  const store = openStore(connection, silentLog)
  const pool = createPool(connection)
  t.teardown(async () => {
    await store.close()
    await pool.end()
  })
  const runs = createRunStore(store.db, times)
  const age = (seconds: number) =>
    pool.query('UPDATE run SET lease_until = lease_until - make_interval(secs => $1)', [seconds])
  return { store, pool, runs, journal: createJournalStore(store.db), events: createEventStore(store.db), age }
}

async function running(runs: RunStore, jobId = 1) {
  const [run] = await runs.record('a', [job(jobId)])
  if (run === undefined) throw new Error('not recorded')
  await runs.start([run])
  return run
}

t.test('a run is recorded once, whoever claims it', async (t) => {
  const { runs } = await open(t)
  t.match(await runs.record('a', [job(1), job(2)]), [
    { jobId: 1, attempt: 1, state: 'claimed' },
    { jobId: 2 },
  ])
  t.same(await runs.record('a', [job(1)]), [], 'the same offer again')
  t.match(
    await runs.record('b', [job(1)]),
    [{ jobId: 1, attempt: 2 }],
    'never confirmed, so offered to another',
  )
  t.equal(
    (await runs.start([{ jobId: 1, attempt: 1 }]))[0],
    undefined,
    'the first one may not begin any more',
  )
  t.match((await runs.start([{ jobId: 1, attempt: 2 }]))[0], { startedAt: Date, cancelledBy: undefined })
  t.same(await runs.record('c', [job(1)]), [], 'it runs')
})

t.test('a job that was submitted anew gets attempts of its own', async (t) => {
  const { runs, store } = await open(t)
  const run = await running(runs)
  t.same(await runs.record('b', [job(1, 2)]), [], 'not while it runs')
  await store.transact((tx) => runs.end(tx, [{ run: run, result: { ...done, outcome: 'failed' } }]))
  t.match(await runs.record('b', [job(1, 2)]), [{ submission: 2, attempt: 2, firstAttempt: 2 }])
  await runs.drop({ jobId: 1, attempt: 2, claimedBy: 'b' })
  t.match(
    await runs.record('b', [job(1, 2)]),
    [{ submission: 2, attempt: 3, firstAttempt: 3 }],
    'dropped, offered again',
  )
})

t.test('a claim that was never confirmed gives way to a new submission', async (t) => {
  const { runs } = await open(t)
  const [stale] = await runs.record('a', [job(1)])
  if (stale === undefined) throw new Error('not recorded')
  t.match(await runs.record('a', [job(1, 2)]), [{ submission: 2, attempt: 2, firstAttempt: 2 }])
  t.same(await runs.start([stale]), [undefined], 'the first claim may not begin')
  await runs.drop(stale)
  t.match((await runs.start([{ jobId: 1, attempt: 2 }]))[0], { startedAt: Date }, 'nor take the second away')
})

t.test('who comes back late with a claim of the past takes nothing away', async (t) => {
  const { runs, age } = await open(t)
  const [stale] = await runs.record('a', [job(1)])
  if (stale === undefined) throw new Error('not recorded')
  await age(41)
  const [taken] = await runs.takeOver('b', 1)
  if (taken === undefined) throw new Error('not taken over')
  await runs.drop(taken.run)
  t.match(await runs.record('c', [job(1)]), [{ attempt: 1 }], 'offered again to a third one')
  await runs.drop(stale)
  await runs.release(stale)
  t.same(await runs.renew([stale]), [], 'it is not his')
  t.same(await runs.takeOver('d', 1), [], 'nobody gave it back')
  t.match((await runs.start([{ jobId: 1, attempt: 1 }]))[0], { startedAt: Date })
})

t.test('leases are renewed in the order in which everybody locks runs', async (t) => {
  const { pool, runs } = await open(t)
  const recorded = await runs.record('a', [job(1), job(2)])
  const other = await pool.connect()
  await other.query('BEGIN')
  await other.query('SELECT 1 FROM run WHERE job_id = 1 FOR UPDATE')
  const renewing = runs.renew(recorded.toReversed())
  const waits =
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
  await until(async () => (await pool.query(waits)).rowCount === 1, {
    message: 'the renewal waits for the first',
  })
  await other.query("SET LOCAL lock_timeout = '1s'; SELECT 1 FROM run WHERE job_id = 2 FOR UPDATE")
  await other.query('COMMIT')
  other.release()
  t.equal((await renewing).length, 2)
})

t.test('a mutating command is written down only while the lease holds', async (t) => {
  const { runs, journal, age } = await open(t)
  const [claimed] = await runs.record('a', [job(1)])
  if (claimed === undefined) throw new Error('not recorded')
  t.equal(await journal.write(claimed, command), undefined, 'not before the run is confirmed')
  await runs.start([claimed])
  t.match(await journal.write(claimed, command), { attempt: 1, kind: 'activate', outcome: undefined })
  t.equal(await journal.write({ jobId: 1, attempt: 2 }, command), undefined, 'another attempt')
  await age(31)
  t.equal(await journal.write(claimed, command), undefined, 'after the lease')
  await runs.renew([claimed])
  t.ok(await journal.write(claimed, command), 'renewed')
})

t.test('a run is taken over after its lease and a grace, once', async (t) => {
  const { runs, journal, store, age } = await open(t)
  const first = await running(runs)
  await age(39)
  t.same(await runs.takeOver('b', 10), [], 'within the grace')
  await age(2)
  const both = (await Promise.all([runs.takeOver('b', 10), runs.takeOver('c', 10)])).flat()
  t.match(both, [{ run: { jobId: 1, attempt: 2, state: 'running', claimedBy: 'a' }, expired: true }])
  t.equal(both.length, 1)
  t.same(await runs.renew([first]), [], 'the first owner cannot renew')
  t.equal(await journal.write(first, command), undefined, 'nor send')
  t.same(
    await store.transact((tx) => runs.end(tx, [{ run: first, result: done }])),
    [undefined],
    'nor end it',
  )
  t.match(await store.transact((tx) => runs.end(tx, [{ run: { jobId: 1, attempt: 2 }, result: done }])), [
    { endedAt: Date },
  ])
  t.same(
    await store.transact((tx) => runs.end(tx, [{ run: { jobId: 1, attempt: 2 }, result: done }])),
    [undefined],
    'nobody twice',
  )
  await age(1_000_000)
  t.same(await runs.takeOver('d', 10), [], 'an ended run stays ended')
})

t.test('a released run is taken over at once', async (t) => {
  const { runs } = await open(t)
  const first = await running(runs, 1)
  await running(runs, 2)
  await runs.release(first)
  t.match(await runs.takeOver('b', 10), [{ run: { jobId: 1 }, expired: false }])
  await runs.expireAll()
  t.same((await runs.takeOver('b', 1)).length, 1, 'no more than there is room for')
})

t.test('events of a job have no gaps, whoever writes', async (t) => {
  const { runs, events, pool } = await open(t)
  const run = await running(runs)
  await Promise.all(Array.from({ length: 20 }, (_, n) => events.append(run, 'status', { text: `${n}` })))
  await events.append({ jobId: 1, attempt: 9 }, 'status', { text: 'stale' })
  const { rows } = await pool.query('SELECT seq FROM job_event WHERE job_id = 1 ORDER BY seq')
  t.same(
    rows.map((row: { seq: number }) => row.seq),
    Array.from({ length: 22 }, (_, n) => n + 1),
  )
})

t.test('the first conclusion of a command stands', async (t) => {
  const { runs, journal } = await open(t)
  const run = await running(runs)
  const entry = await journal.write(run, command)
  if (entry === undefined) throw new Error('not written')
  await journal.note({ ...run, attempt: 2 }, entry.id, { operationId: 11 })
  await journal.conclude({ ...run, attempt: 2 }, entry.id, 'not-sent', 'of another attempt')
  await journal.note(run, entry.id, { operationId: 12 })
  await journal.note(run, entry.id, { reload: true })
  await journal.conclude(run, entry.id, 'succeeded')
  await journal.conclude(run, entry.id, 'failed', 'late')
  t.match(await journal.ofSubmission(1, 1), [
    { operationId: 12, reload: true, outcome: 'succeeded', detail: '' },
  ])
  t.same(await journal.ofSubmission(1, 2), [])
})

t.test('a forgotten job leaves nothing', async (t) => {
  const { runs, journal, events, store, pool } = await open(t)
  const run = await running(runs)
  await journal.write(run, command)
  await events.append(run, 'status', { text: 'x' })
  await store.transact((tx) => runs.forget(tx, [1]))
  const { rows } = await pool.query(
    'SELECT (SELECT count(*)::int FROM journal) + (SELECT count(*)::int FROM job_event) AS n',
  )
  t.same(rows, [{ n: 0 }])
})

t.test('a cancelled run sends nothing but an abort, whenever the cancellation came', async (t) => {
  const { runs, journal, store, pool } = await open(t)
  const cancel = (jobId: number, submission = 1, requestedBy = 'olga') =>
    store.transact((tx) => runs.cancel(tx, { jobId, submission, requestedBy }))
  t.equal(await cancel(1), true, 'before the run is on record')
  t.equal(await cancel(1, 1, 'nils'), false, 'the first one stands')
  const [run] = await runs.record('a', [job(1)])
  if (run === undefined) throw new Error('not recorded')
  t.match((await runs.start([run]))[0], { cancelledBy: 'olga' })
  t.equal(await journal.write(run, command), undefined)
  t.match(await journal.write(run, { ...command, kind: 'abort' }), { kind: 'abort' })
  t.match(await runs.renew([run]), [{ jobId: 1, cancelledBy: 'olga' }])
  t.equal(await runs.cancelledBy({ jobId: 1, attempt: 2 }), undefined, 'not the business of another attempt')
  await runs.release(run)
  const [taken] = await runs.takeOver('b', 1)
  t.match(taken, { run: { cancelledBy: 'olga', attempt: 2 } })
  await store.transact((tx) =>
    runs.end(tx, [{ run: { jobId: 1, attempt: 2 }, result: { ...done, outcome: 'failed' } }]),
  )
  t.equal(await cancel(1), false, 'it has ended')
  t.same((await pool.query('SELECT * FROM cancellation')).rows, [])
  t.match(await runs.record('a', [job(1, 2)]), [{ submission: 2, cancelledBy: undefined }])
  t.equal(await cancel(1), false, 'an earlier submission')
  const { rows } = await pool.query('SELECT seq, kind FROM job_event WHERE job_id = 1 ORDER BY seq')
  t.same(
    rows.map(({ seq, kind }) => `${seq} ${kind}`),
    ['1 claimed', '2 started', '3 command', '4 handed-over', '5 resumed', '6 ended', '7 claimed'],
  )
})

t.test('what happened is told in the order in which it happened, by the contract', async (t) => {
  const { runs, journal, store, pool } = await open(t)
  const run = await running(runs)
  await store.transact((tx) => runs.cancel(tx, { jobId: 1, submission: 1, requestedBy: 'olga' }))
  await journal.write(run, { ...command, kind: 'abort' })
  await store.transact((tx) =>
    runs.end(tx, [{ run: run, result: { ...done, outcome: 'failed', statusMessage: 'Cancelled' } }]),
  )
  const { rows } = await pool.query(
    `SELECT job_id::int AS "jobId", seq, attempt, at, kind, payload FROM job_event ORDER BY seq`,
  )
  const events = rows.map((row) => ({ ...row, at: row.at.toISOString() }))
  for (const event of events) t.ok(Value.Check(JobEvent, event), JSON.stringify(event))
  t.match(
    events.map(({ kind, payload }) => ({ kind, payload })),
    [
      { kind: 'claimed', payload: { executor: 'a' } },
      { kind: 'started' },
      { kind: 'cancel-requested', payload: { by: 'olga' } },
      { kind: 'command', payload: { change: 'abort', command: 'x' } },
      { kind: 'ended', payload: { outcome: 'failed', statusMessage: 'Cancelled' } },
    ],
  )
})

t.test('a lost executor is noticed within 45 seconds at default settings', async (t) => {
  const settings = { SLIPWAY_MASTER_KEY: 'k1:x', SLIPWAY_LOG_DIR: '/tmp' }
  const config = loadConfig(executorConfig, settings, { prefix: 'EXECUTOR' })
  t.ok(config.lease + config.takeOverGrace + config.sweepInterval <= 45_000)
  t.ok(config.lease >= 3 * config.leaseRenewal, 'two renewals may fail')
  t.ok(config.leaseRenewal + config.leaseMargin < config.lease)
})

t.test('a database for which time ran out is not available; that is no unexpected error', async (t) => {
  const { pool } = await open(t)
  const client = new PrismaClient({ adapter: prismaAdapter(pool) })
  const unavailable = async (work: Promise<unknown>, said: RegExp) => {
    const error = await work.then(
      () => t.fail('it succeeded'),
      (thrown: unknown) => thrown,
    )
    t.match(error, { message: said })
    t.match(asUnavailable(error), { code: 'BUS_UNAVAILABLE' })
  }
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const takeAll = Array.from({ length: 5 }, () => client.$transaction(() => finished, { timeout: 60_000 }))
  await unavailable(
    client.$transaction(async () => undefined, { maxWait: 20 }),
    /Unable to start a transaction in the given time/,
  )
  finish()
  await Promise.all(takeAll)
  await unavailable(
    client.$transaction(
      async (tx) => {
        await pause(100)
        await tx.$queryRaw`SELECT 1`
      },
      { timeout: 20 },
    ),
    /expired transaction/,
  )
  const fault = await client.$queryRaw`SELECT 1 / 0`.catch((thrown: unknown) => thrown)
  t.equal(asUnavailable(fault), fault, 'a fault of ours stays one')
})
