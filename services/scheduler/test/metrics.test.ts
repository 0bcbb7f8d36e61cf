// What operators see: metrics, and log lines that hold the id of the request they are about.
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { countByReason, type QueueCounts } from '../src/runs/queue.ts'
import { build, host, jobInput, type Running, requestId, testClock } from './support.ts'

const [R1, R2, R3] = [host(1), host(2), host(3)]

async function sample(
  { metrics }: Running,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const metric = await metrics.getSingleMetric(name)?.get()
  const matches = (value: { labels: object; metricName?: string }) =>
    (value.metricName ?? name) === name && JSON.stringify(value.labels) === JSON.stringify(labels)
  return metric?.values.find(matches)?.value
}

type Reading = { values: readonly { value: number; metricName?: string }[] } | undefined

/** A histogram's `_count` or `_sum`. */
const readingOf = (reading: Reading, suffix: string) =>
  reading?.values.find(({ metricName = '' }) => metricName.endsWith(suffix))?.value

t.test('waiting jobs are counted by what they wait for', async (t) => {
  const running = await build(t, { config: { runLimit: 2 } })
  await running.recordHost({ hostId: R1 })
  await running.createIds([
    jobInput(R1, 'Add'),
    jobInput(R1, 'Remove'),
    jobInput(R2, 'Add'),
    jobInput(R2, 'Activate'),
    jobInput(R3, 'Add', { scheduledTime: '2100-01-01T00:00:00.000Z' }),
    jobInput(host(4), 'Add'),
    jobInput(host(5), 'Add'),
  ])
  await running.claim({ free: 1 })
  const waiting = async (reason: string) => sample(running, 'slipway_scheduler_jobs_waiting', { reason })
  t.equal(await waiting('scheduled-time'), 1)
  t.equal(await waiting('dependency'), 1, 'Activate waits for Add')
  t.equal(await waiting('host'), 1, 'Remove waits while Add runs')
  t.equal(await waiting('executor'), 1, 'one more may run')
  t.equal(await waiting('limit'), 2)
  t.equal(await sample(running, 'slipway_scheduler_jobs_running', { kind: 'install' }), 1)
  t.equal(await sample(running, 'slipway_scheduler_jobs_running', { kind: 'inventory' }), 0)
  t.ok(Number(await sample(running, 'slipway_scheduler_oldest_due_seconds')) > 0)
})

t.test('jobs are counted as they are created, started and ended', async (t) => {
  const clock = testClock()
  const running = await build(t, { clock })
  const createdAt = clock.now().toISOString()
  const [add = 0] = await running.createIds([jobInput(R1, 'Add', { scheduledTime: createdAt })])
  await running.recordHost({ hostId: R2, discover: true })
  const jobs = await running.claim()
  clock.advance(4_000)
  for (const job of jobs) await running.confirm(job)
  for (const job of jobs) await running.confirm(job)
  await running.end({ jobId: add }, { outcome: 'failed' })
  await running.end({ jobId: add }, { outcome: 'completed' })
  const discovery = jobs.find(({ kind }) => kind === 'inventory')
  await running.end({ jobId: discovery?.jobId ?? 0 })
  t.equal(await sample(running, 'slipway_scheduler_jobs_created_total', { action: 'Add' }), 1)
  const ended = (action: string, outcome: string) =>
    sample(running, 'slipway_scheduler_jobs_ended_total', { action, outcome })
  t.equal(await ended('Add', 'failed'), 1)
  t.equal(await ended('Add', 'completed'), undefined, 'a second result changes nothing')
  t.equal(await ended('Discovery', 'completed'), 1)
  const start = await running.metrics.getSingleMetric('slipway_scheduler_due_to_start_seconds')?.get()
  const of = (suffix: string) => readingOf(start, suffix)
  t.equal(of('_count'), 2, 'each start once')
  t.equal(of('_sum'), 8)
})

t.test('time spent behind another job of the host is not counted as a slow start', async (t) => {
  const clock = testClock()
  const running = await build(t, { clock })
  const scheduledTime = clock.now().toISOString()
  await running.createIds([
    jobInput(R1, 'Pre-Upgrade', { scheduledTime }),
    jobInput(R1, 'Add', { scheduledTime }),
  ])
  const [first] = await running.claim()
  if (first === undefined) throw new Error('nothing to do')
  await running.confirm(first)
  clock.advance(3_600_000)
  await running.end(first)
  clock.advance(1_000)
  const [second] = await running.claim()
  if (second === undefined) throw new Error('nothing to do')
  await running.confirm(second)
  const start = await running.metrics.getSingleMetric('slipway_scheduler_due_to_start_seconds')?.get()
  t.equal(readingOf(start, '_sum'), 1)
})

t.test('claims that nobody confirmed are counted when they are offered again', async (t) => {
  const clock = testClock()
  const running = await build(t, { clock })
  await running.createIds([jobInput(R1, 'Add')])
  await running.claim()
  clock.advance(16_000)
  await running.claim({ executorId: 'e2' })
  t.equal(await sample(running, 'slipway_scheduler_claims_expired_total'), 1)
})

t.test(
  'the request that created a job is told to the executor and stands in every line about it',
  async (t) => {
    const running = await build(t)
    const [id = 0] = await running.createIds([jobInput(R1, 'Add')])
    const discovery = randomUUID()
    await running.recordHost({ hostId: R2, discover: true, requestId: discovery })
    await running.recordHost({ hostId: R3, discover: true })
    const jobs = await running.runAll()
    t.same(
      jobs.map((job) => [job.hostId, job.requestId]).sort(),
      [
        [R1, requestId],
        [R2, discovery],
        [R3, undefined],
      ].sort(),
    )
    const lines = (wanted: string) => running.logged.filter((line) => line['requestId'] === wanted)
    t.match(lines(requestId), [
      { msg: 'jobs were created', user: 'olga', jobs: 1 },
      { msg: 'a job is handed out', jobId: id, hostname: 'R1' },
      { msg: 'a job ended', jobId: id, outcome: 'completed' },
    ])
    t.equal(lines(discovery).length, 2)
  },
)

t.test('two schedulers may share a registry', async (t) => {
  const running = await build(t, { replicas: 2 })
  await running.createIds([jobInput(R1, 'Add')])
  await running.runAll()
  t.equal(await sample(running, 'slipway_scheduler_jobs_created_total', { action: 'Add' }), 1)
})

t.test('every startable job waits for a limit or for an executor', async (t) => {
  const count = fc.nat({ max: 50 })
  const region = fc.constantFrom('', 'North', 'South')
  const kind = fc.constantFrom('install' as const, 'inventory' as const)
  const counts: fc.Arbitrary<QueueCounts> = fc.record({
    later: count,
    blocked: count,
    ready: count,
    paused: count,
    startable: fc.uniqueArray(fc.record({ region, jobs: count }), { selector: (one) => one.region }),
    running: fc.array(fc.record({ region, kind, jobs: count })),
    oldestDue: fc.constant(undefined),
    switches: fc.constant([]),
  })
  fc.assert(
    fc.property(counts, count, count, (given, running, runningPerRegion) => {
      const reasons = countByReason(given, { running, runningPerRegion })
      const startable = given.startable.reduce((total, { jobs }) => total + jobs, 0)
      const unlimited = running === 0 && runningPerRegion === 0
      return (
        reasons.limit + reasons.executor === startable &&
        Object.values(reasons).every((value) => value >= 0) &&
        (!unlimited || reasons.limit === 0)
      )
    }),
  )
  t.pass('for any counts and limits')
})
