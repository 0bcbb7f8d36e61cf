import { schedulerMessages } from '@slipway/contracts'
import { createLogger } from '@slipway/service-kit'
import fc from 'fast-check'
import t from 'tap'
import { refreshHosts } from '../src/hosts/place-store.ts'
import { openStore } from '../src/scheduler-store.ts'
import { build, chainOf, host, jobInput } from './support.ts'

const [R1, R2] = [host(1), host(2)]
const release = schedulerMessages.releaseHost

t.test('a host that is to be discovered gets one discovery, which nobody sees in lists', async (t) => {
  const running = await build(t)
  const deliveryId = 'f6f1b9a0-0000-4000-8000-000000000001'
  await running.recordHost({ hostId: R1, discover: true }, deliveryId)
  await running.recordHost({ hostId: R1, discover: true, version: 2 })
  await running.workReady.next()
  const jobs = await running.claim()
  t.match(jobs, [{ jobId: 1, kind: 'inventory', hostId: R1, hostname: 'R1', createdBy: 'slipway' }])
  t.notOk('action' in (jobs[0] ?? {}))
  t.same(await running.jobs(), [])
  await t.rejects(running.jobs({ id: 1 }), { code: 'SCHEDULER_JOB_NOT_FOUND' })
  await t.rejects(running.ask(schedulerMessages.deleteJobs, { id: 1 }), {
    code: 'SCHEDULER_DELETE_JOB_NOT_FOUND',
  })
  await running.end({ jobId: 1 }, { outcome: 'failed' })
  t.same(await running.sql('SELECT id FROM job'), [], 'it leaves no history')
  t.same(await running.forgotten.next(), [1])
  await running.recordHost({ hostId: R1, discover: true }, deliveryId)
  t.same(await running.claim(), [], 'the same delivery asks once')
})

t.test('while a discovery runs another may be asked for, and runs after it', async (t) => {
  const running = await build(t)
  await running.recordHost({ hostId: R1, discover: true })
  t.equal((await running.claim()).length, 1)
  await running.recordHost({ hostId: R1, version: 2, discover: true })
  t.same(await running.claim(), [])
  await running.end({ jobId: 1 })
  t.match(await running.claim(), [{ jobId: 2, kind: 'inventory' }])
})

t.test(
  'an install job and a discovery never run on a host at the same time; the earlier due goes first',
  async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    await running.recordHost({ hostId: R1, discover: true })
    t.match(await running.claim(), [{ jobId: 1, kind: 'install' }])
    await running.end({ jobId: 1 })
    t.match(await running.claim(), [{ jobId: 2, kind: 'inventory' }])
    const [id] = await running.createIds([jobInput(R1, 'Add')])
    t.same(await running.claim(), [])
    t.equal((await running.job(id ?? 0)).statusMessage, 'Waiting: a discovery of the host is running (job 2)')
  },
)

t.test('installs and discoveries take turns while both wait', async (t) => {
  const running = await build(t)
  for (let n = 0; n < 20; n += 1) await running.recordHost({ hostId: host(n), discover: true })
  const later = new Date(running.clock.now().getTime() + 1).toISOString()
  running.clock.advance(10)
  const rows = Array.from({ length: 20 }, (_, n) => jobInput(host(100 + n), 'Add', { scheduledTime: later }))
  await running.createIds(rows)
  const kinds = async (free: number) => (await running.claim({ free })).map(({ kind }) => kind).sort()
  t.same(await kinds(1), ['install'])
  t.same(await kinds(1), ['inventory'])
  t.same(await kinds(6), ['install', 'install', 'install', 'inventory', 'inventory', 'inventory'])
})

t.test('region and version', async (t) => {
  t.test('an older version is ignored, but not its wish for a discovery', async (t) => {
    const running = await build(t)
    await running.recordHost({ hostId: R1, region: 'East', version: 5 })
    await running.recordHost({ hostId: R1, region: 'West', version: 4, discover: true })
    const rows = await running.sql('SELECT region, version FROM host')
    t.same(rows, [{ region: 'East', version: 5 }])
    t.match(await running.claim(), [{ kind: 'inventory' }])
  })
  t.test('jobs may come before the host is heard of', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    await running.recordHost({ hostId: R1, region: 'East', version: 1 })
    t.same(await running.sql('SELECT region, version FROM host'), [{ region: 'East', version: 1 }])
    t.match(await running.claim(), [{ jobId: 1 }])
  })
  t.test('many deliveries at the same time leave the newest version and one discovery each', async (t) => {
    const running = await build(t, { replicas: 2 })
    const versions = [3, 1, 5, 2, 4]
    await Promise.all(
      versions.flatMap((version) =>
        [R1, R2].map((hostId) =>
          running.recordHost({ hostId, version, region: `G${version}`, discover: version < 3 }),
        ),
      ),
    )
    t.same(await running.sql('SELECT region, version FROM host'), [
      { region: 'G5', version: 5 },
      { region: 'G5', version: 5 },
    ])
    t.equal((await running.claim()).length, 2)
  })
})

t.test('requests and news of the same new hosts at the same time do not hinder each other', async (t) => {
  const running = await build(t, { replicas: 2 })
  const hosts = Array.from({ length: 20 }, (_, n) => host(n))
  await Promise.all([
    ...hosts.map((hostId) => running.recordHost({ hostId, discover: true })),
    ...[hosts, hosts.toReversed(), hosts.slice(5), hosts.slice(0, 12).toReversed()].map((some) =>
      running.createIds(some.map((hostId) => jobInput(hostId, 'Add'))),
    ),
    ...hosts.map((hostId) => running.recordHost({ hostId, version: 2, region: 'East' })),
  ])
  t.equal((await running.jobs()).length, 20 + 20 + 15 + 12)
  t.same(await running.sql('SELECT count(*)::int AS hosts FROM host WHERE version = 2'), [{ hosts: 20 }])
  t.equal((await running.runAll()).length, 67 + 20)
})

t.test('what was changed in the database by hand is put right', async (t) => {
  const running = await build(t, { config: { sweepInterval: 500 } })
  await running.createIds([jobInput(R1, 'Add', { scheduledTime: '2099-01-01T00:00:00.000Z' })])
  await running.sql("UPDATE job SET scheduled_time = '2020-01-01'; DELETE FROM queue")
  await running.workReady.next()
  t.match(await running.claim(), [{ jobId: 1 }])
})

t.test(
  'places that jobs are given when they are created are those that a look at all jobs gives',
  async (t) => {
    const running = await build(t, { config: { historyPerHost: 100 } })
    const store = openStore(running.db.url, createLogger({ service: 'scheduler', level: 'silent' }))
    t.teardown(() => store.close())
    const hosts = [R1, R2, host(3)]
    const places = () =>
      running.sql('SELECT host_id, region, kind, due, job_id, submission FROM queue ORDER BY host_id')
    const job = fc.record({
      host: fc.constantFrom(...hosts),
      action: fc.constantFrom('Add' as const, 'Remove' as const, 'Commit' as const),
      // Due long since, or not for years.
      year: fc.constantFrom(2020, 2099),
      day: fc.integer({ min: 1, max: 9 }),
      chained: fc.boolean(),
    })
    const create = fc.array(job, { minLength: 1, maxLength: 6 }).map((jobs) => async () => {
      const rows = jobs.map(({ host, action, year, day, chained }) =>
        jobInput(host, action, {
          scheduledTime: `${year}-01-0${day}T00:00:00.000Z`,
          ...(chained ? { dependency: { asGiven: 'Add', action: 'Add' as const } } : {}),
        }),
      )
      await running.create(rows)
    })
    const claim = fc.constant(async () => void (await running.claim({ free: 2 })))
    const end = fc.constantFrom('completed' as const, 'failed' as const).map((outcome) => async () => {
      const [row] = await running.sql<{ id: number }>(
        'SELECT job_id::int AS id FROM running ORDER BY job_id LIMIT 1',
      )
      if (row !== undefined) await running.end({ jobId: row.id }, { outcome })
    })
    const steps = fc.array(fc.oneof({ weight: 3, arbitrary: create }, claim, end), {
      minLength: 3,
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        for (const step of all) await step()
        const given = await places()
        await store.transact((tx) => refreshHosts(tx, hosts))
        t.same(await places(), given)
        for (const hostId of hosts) {
          await running.sql('DELETE FROM running WHERE host_id = $1', [hostId])
          await running.sql('DELETE FROM queue WHERE host_id = $1', [hostId])
          await running.sql('DELETE FROM job WHERE host_id = $1', [hostId])
        }
      }),
      { numRuns: 25 },
    )
  },
)

t.test('release', async (t) => {
  t.test('deletes all jobs of the host and has them forgotten', async (t) => {
    const running = await build(t)
    await running.createIds([...chainOf(R1), jobInput(R2, 'Add')])
    await running.ask(release, { hostId: R1 })
    t.same(
      (await running.jobs()).map(({ hostId }) => hostId),
      [R2],
    )
    t.same(await running.forgotten.next(), [1, 2, 3, 4, 5])
    await running.ask(release, { hostId: R1 })
    t.same(
      (await running.claim()).map(({ jobId }) => jobId),
      [6],
    )
  })
  t.test('is refused while an install job is in progress', async (t) => {
    const running = await build(t)
    await running.createIds(chainOf(R1))
    await running.claim()
    await t.rejects(running.ask(release, { hostId: R1 }), { code: 'SCHEDULER_HOST_BUSY' })
    t.equal((await running.jobs()).length, 5)
    await running.end({ jobId: 1 })
    await running.ask(release, { hostId: R1 })
    t.same(await running.jobs(), [])
  })
  t.test('takes a running discovery with it and tells its executor', async (t) => {
    const running = await build(t)
    await running.recordHost({ hostId: R1, discover: true })
    const [job] = await running.claim()
    if (job === undefined) throw new Error('not claimed')
    await running.ask(release, { hostId: R1 })
    t.equal(await running.revoked.next(), 1)
    await t.rejects(running.confirm(job), { code: 'SCHEDULER_RUN_GONE' })
    await running.end(job)
    t.same(await running.sql('SELECT 1 FROM job'), [])
  })
  t.test('is for good: late news and requests do not bring the host back', async (t) => {
    const running = await build(t)
    await running.recordHost({ hostId: R1 })
    for (const hostId of [R1, R2]) await running.ask(release, { hostId })
    for (const hostId of [R1, R2]) await running.recordHost({ hostId, version: 9, discover: true })
    t.same(await running.claim(), [])
    const rows = await running.create([...chainOf(R1), jobInput(host(3), 'Add')])
    t.match(rows[0], { error: { message: "'R1' is an invalid hostname." } })
    t.same(
      rows.map(({ id }) => id),
      [undefined, undefined, undefined, undefined, undefined, 1],
    )
  })
  t.test('at the same time as requests and claims leaves no job behind', async (t) => {
    const running = await build(t, { replicas: 2 })
    const hosts = Array.from({ length: 10 }, (_, n) => host(n))
    const attempts = hosts.flatMap((hostId) => [
      running.create(chainOf(hostId)),
      running.claim({ free: 3 }),
      running.ask(release, { hostId }).catch((error) => error),
    ])
    await Promise.all(attempts)
    const left = await running.sql(
      `SELECT 1 FROM job JOIN host ON host.host_id = job.host_id WHERE host.released_at IS NOT NULL`,
    )
    t.same(left, [])
  })
})

t.test('a service that was stopped leaves nothing running and may be stopped twice', async (t) => {
  const running = await build(t)
  await running.createIds([jobInput(R1, 'Add')])
  await running.stop()
  await running.stop()
  await t.rejects(running.jobs(), { code: 'BUS_NO_RESPONDER' })
})
