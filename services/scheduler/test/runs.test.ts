import { randomUUID } from 'node:crypto'
import { type ClaimedJob, executorEvents, schedulerDeliveries, schedulerMessages } from '@slipway/contracts'
import { withClient } from '@slipway/database'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { build, chainOf, host, jobInput, nameOf, requestId, testClock } from './support.ts'

const [R1, R2, R3] = [host(1), host(2), host(3)]
const YEAR_MS = 365 * 24 * 3_600_000
const idsOf = (jobs: readonly ClaimedJob[]) => jobs.map(({ jobId }) => jobId)

t.test('hands out due jobs with what they need, one per host', async (t) => {
  const running = await build(t)
  await running.createIds([
    jobInput(R1, 'Add', { serverRepository: 'Depot', serverDirectory: 'd', softwarePackages: ['a.pie'] }),
    jobInput(R1, 'Remove', { softwarePackages: ['b'] }),
    jobInput(R2, 'Pre-Upgrade', { commandProfiles: ['P'] }),
  ])
  t.same(await running.claim(), [
    {
      jobId: 1,
      submission: 1,
      kind: 'install',
      hostId: R1,
      hostname: 'R1',
      action: 'Add',
      serverRepository: 'Depot',
      serverDirectory: 'd',
      softwarePackages: ['a.pie'],
      commandProfiles: [],
      createdBy: 'olga',
      requestId,
    },
    {
      jobId: 3,
      submission: 1,
      kind: 'install',
      hostId: R2,
      hostname: 'R2',
      action: 'Pre-Upgrade',
      serverDirectory: '',
      softwarePackages: [],
      commandProfiles: ['P'],
      createdBy: 'olga',
      requestId,
    },
  ])
  t.same(await running.claim(), [], 'both hosts are busy')
  t.match(await running.job(1), {
    status: 'in-progress',
    statusMessage: 'Starting: handed to executor e1',
  })
})

t.test('runs a chain in its order, each after the one before is completed', async (t) => {
  const running = await build(t)
  await running.createIds(chainOf(R1).reverse())
  const ran = await running.runAll()
  t.same(
    ran.map(({ action }) => action),
    ['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit'],
  )
  t.same(
    ran.map(({ dependsOn }) => dependsOn),
    [undefined, 5, 4, 3, 2],
  )
})

t.test('the earlier scheduled goes first, then the lower id, across hosts', async (t) => {
  const running = await build(t)
  const at = (minute: number) => ({ scheduledTime: `2020-01-01T00:0${minute}:00.000Z` })
  await running.createIds([
    jobInput(R1, 'Add', at(5)),
    jobInput(R2, 'Add', at(3)),
    jobInput(R3, 'Add', at(3)),
    jobInput(R1, 'Remove', at(1)),
  ])
  t.same(idsOf(await running.claim({ free: 2 })), [4, 2])
  t.same(idsOf(await running.claim()), [3])
})

t.test('the same request is answered with the same jobs, also while its first try is at work', async (t) => {
  const running = await build(t, { replicas: 2 })
  await running.createIds([R1, R2, R3].map((id) => jobInput(id, 'Add')))
  const requestId = randomUUID()
  const [first, second] = await Promise.all([
    running.claim({ requestId, free: 2 }),
    running.claim({ requestId, free: 2 }),
  ])
  t.same(first, second)
  t.same(idsOf(first), [1, 2])
  t.same(await running.claim({ requestId, free: 2 }), first)
  t.same(idsOf(await running.claim()), [3])
})

t.test('claimers at the same time never get the same job or the same host', async (t) => {
  const running = await build(t, { replicas: 2 })
  const rows = Array.from({ length: 40 }, (_, n) => [jobInput(host(n), 'Add'), jobInput(host(n), 'Remove')])
  await running.createIds(rows.flat())
  const claims = Array.from({ length: 12 }, (_, n) => running.claim({ executorId: `e${n}`, free: 5 }))
  const jobs = (await Promise.all(claims)).flat()
  t.equal(jobs.length, 40)
  t.equal(new Set(idsOf(jobs)).size, 40)
  t.equal(new Set(jobs.map(({ hostId }) => hostId)).size, 40)
})

t.test('the database itself refuses a second running job on a host', async (t) => {
  const running = await build(t)
  await running.createIds([jobInput(R1, 'Add'), jobInput(R1, 'Remove')])
  await running.claim()
  const second = running.sql(`
    INSERT INTO running (job_id, host_id, region, kind, submission, claimed_by, claim_request, claimed_at)
    SELECT id, host_id, '', kind, submission, 'e1', 'by hand', now() FROM job WHERE id = 2`)
  t.match(await second.catch((error: unknown) => error), { constraint: 'running_host_id_key' })
})

t.test('a place that changes while a claim looks at it is taken as it is then', async (t) => {
  const running = await build(t)
  await running.createIds([jobInput(R1, 'Add')])
  const claimed = await withClient(running.db.url, async (other) => {
    await other.query('BEGIN')
    await other.query(`
      INSERT INTO job (id, kind, host_id, hostname, action, scheduled_time, created_by, created_at,
                       software_packages, command_profiles, warnings, package_changes)
      SELECT 2, kind, host_id, hostname, 'Remove', scheduled_time, created_by, created_at, '{}', '{}', '{}', '{}' FROM job`)
    await other.query('UPDATE queue SET job_id = 2')
    await other.query('DELETE FROM job WHERE id = 1')
    const claim = running.claim()
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await until(async () => (await running.sql(waiting)).length > 0, {
      message: 'the claim waits for the place',
    })
    await other.query('COMMIT')
    return claim
  })
  t.match(claimed, [{ jobId: 2, action: 'Remove' }])
  t.same(await running.claim(), [])
})

t.test('a claim that is not confirmed in time is offered again', async (t) => {
  const running = await build(t)
  await running.createIds([jobInput(R1, 'Add')])
  const [lost] = await running.claim({ executorId: 'e1' })
  running.clock.advance(14_900)
  t.same(await running.claim({ executorId: 'e2' }), [])
  running.clock.advance(200)
  const [again] = await running.claim({ executorId: 'e2' })
  t.same(again, lost)
  if (lost === undefined || again === undefined) throw new Error('not claimed')
  await t.rejects(running.confirm(lost, 'e1'), { code: 'SCHEDULER_RUN_GONE' })
  await running.confirm(again, 'e2')
  await running.confirm(again, 'e2')
  running.clock.advance(YEAR_MS)
  t.same(await running.claim({ executorId: 'e3' }), [], 'a confirmed one never is')
  t.ok((await running.job(1)).startedAt)
})

t.test('the sweep offers unconfirmed claims again and says that work is ready', async (t) => {
  const running = await build(t, { config: { sweepInterval: 20 } })
  await running.createIds([jobInput(R1, 'Add')])
  await running.claim()
  running.clock.advance(15_001)
  await until(async () => (await running.job(1)).status === 'scheduled', {
    message: 'the job is offered again',
  })
  const seen = running.workReady.all.length
  await until(() => running.workReady.all.length > seen, { message: 'executors are told' })
})

t.test('a confirmation of another submission, another executor, or of nothing is refused', async (t) => {
  const running = await build(t)
  await running.createIds([jobInput(R1, 'Add')])
  const [job] = await running.claim()
  if (job === undefined) throw new Error('not claimed')
  const gone = { code: 'SCHEDULER_RUN_GONE' }
  await t.rejects(running.confirm(job, 'e2'), gone)
  await t.rejects(running.confirm({ ...job, submission: 2 }), gone)
  await t.rejects(running.confirm({ ...job, jobId: 9 }), gone)
})

t.test('results', async (t) => {
  t.test('are written once, whatever comes after', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    await running.claim()
    const result = {
      jobId: 1,
      submission: 1,
      outcome: 'failed' as const,
      statusMessage: 'The router refused: \0%',
      trace: '% Error \ud800',
      warnings: ['w'],
      packageChanges: ['+a', '-b'],
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:01:00.000Z',
    }
    const id = randomUUID()
    await Promise.all(
      [1, 2, 3].map(() => running.bus.deliver(schedulerDeliveries.recordResults, id, { results: [result] })),
    )
    await running.end({ jobId: 1 }, { outcome: 'completed' })
    t.match(await running.job(1), {
      status: 'failed',
      statusMessage: 'The router refused: %',
      warnings: ['w'],
      packageChanges: ['+a', '-b'],
      startedAt: '2026-01-01T00:00:00.000Z',
      statusAt: '2026-01-01T00:01:00.000Z',
    })
  })
  t.test('of an older submission, of a waiting or an unknown job change nothing', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    await running.end({ jobId: 1 })
    t.equal((await running.job(1)).status, 'scheduled')
    await running.sql('UPDATE job SET submission = 2; UPDATE queue SET submission = 2')
    await running.claim()
    await running.end({ jobId: 1 }, { submission: 1 })
    t.equal((await running.job(1)).status, 'in-progress')
    await running.end({ jobId: 77 })
    await running.end({ jobId: 1 }, { submission: 2 })
    t.equal((await running.job(1)).status, 'completed')
  })
  t.test('of many runs at a time are all written', async (t) => {
    const running = await build(t)
    await running.createIds(Array.from({ length: 150 }, (_, n) => jobInput(host(n), 'Add')))
    const jobs = [...(await running.claim()), ...(await running.claim())]
    await Promise.all(jobs.map((job) => running.confirm(job)))
    await Promise.all(jobs.map((job) => running.end(job)))
    t.equal((await running.jobs({ status: 'completed' })).length, 150)
  })
  t.test('that cannot be stored do not fail others with them', async (t) => {
    const running = await build(t)
    await running.createIds([R1, R2, R3].map((id) => jobInput(id, 'Add')))
    await running.claim()
    const ends = await Promise.allSettled([
      running.end({ jobId: 1 }),
      running.end({ jobId: 2 }, { startedAt: 'no moment, but 20 long' }),
      running.end({ jobId: 3 }),
    ])
    t.same(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    t.same(
      (await running.jobs({ status: 'completed' })).map(({ id }) => id),
      [1, 3],
    )
  })
  t.test('of a failed job leave its dependents waiting', async (t) => {
    const running = await build(t)
    await running.createIds(chainOf(R1))
    t.same(idsOf(await running.runAll('failed')), [1])
    t.same((await running.jobs({ status: 'scheduled' })).length, 4)
  })
})

t.test('limits', async (t) => {
  t.test('in all and per region hold exactly, also for claims at the same time', async (t) => {
    const running = await build(t, { replicas: 2, config: { runLimit: 7, regionRunLimit: 3 } })
    for (let n = 0; n < 30; n += 1) await running.recordHost({ hostId: host(n), region: `G${n % 3}` })
    await running.createIds(Array.from({ length: 30 }, (_, n) => jobInput(host(n), 'Add')))
    const claims = await Promise.all(Array.from({ length: 6 }, () => running.claim({ free: 4 })))
    const jobs = claims.flat()
    t.equal(jobs.length, 7)
    const perRegion = [0, 1, 2].map((region) => jobs.filter(({ jobId }) => (jobId - 1) % 3 === region).length)
    t.ok(Math.max(...perRegion) <= 3)
    const [one] = jobs
    if (one === undefined) throw new Error('not claimed')
    await running.end(one)
    t.equal((await running.claim()).length, 1)
  })
  t.test('let a full region wait without holding up another', async (t) => {
    const running = await build(t, { config: { regionRunLimit: 1 } })
    for (const [n, region] of ['West', 'West', 'East'].entries()) {
      await running.recordHost({ hostId: host(n), region })
    }
    await running.createIds([0, 1, 2].map((n) => jobInput(host(n), 'Add')))
    t.same(idsOf(await running.claim()), [1, 3])
    const request = { executorId: 'e1', requestId: 'r', free: 5 }
    t.match(await running.ask(schedulerMessages.claimRuns, request), { jobs: [], nextDueInMs: 60_000 })
  })
})

t.test('time', async (t) => {
  t.test('a job ten years ahead stays scheduled until then', async (t) => {
    const running = await build(t)
    const scheduledTime = new Date(running.clock.now().getTime() + 10 * YEAR_MS).toISOString()
    await running.createIds([jobInput(R1, 'Add', { scheduledTime })])
    const request = { executorId: 'e1', requestId: 'r', free: 5 }
    t.same(await running.ask(schedulerMessages.claimRuns, request), { jobs: [], nextDueInMs: 60_000 })
    running.clock.advance(10 * YEAR_MS - 1_500)
    t.same(await running.ask(schedulerMessages.claimRuns, request), { jobs: [], nextDueInMs: 1_500 })
    t.same(running.workReady.all, [])
    running.clock.advance(1_500)
    t.same(idsOf(await running.claim()), [1])
  })
  t.test('work is announced at the moment at which it becomes due', async (t) => {
    const start = Date.now()
    const running = await build(t, {
      clock: { ...testClock(), now: () => new Date() },
    })
    const scheduledTime = new Date(start + 700).toISOString()
    await running.createIds([jobInput(R1, 'Add', { scheduledTime })])
    await running.workReady.next()
    t.ok(Date.now() >= start + 700)
    t.same(idsOf(await running.claim()), [1])
  })
  t.test('a claim that filled all places asks to come back at once', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add'), jobInput(R2, 'Add')])
    const request = { executorId: 'e1', requestId: 'r', free: 1 }
    t.match(await running.ask(schedulerMessages.claimRuns, request), { jobs: [{ jobId: 1 }], nextDueInMs: 0 })
  })
})

t.test(
  'work is announced when a job is created, when a dependency is met and when a host is free',
  async (t) => {
    const running = await build(t)
    await running.createIds([...chainOf(R1).slice(0, 2), jobInput(R1, 'Remove')])
    await running.workReady.next()
    t.same(idsOf(await running.claim()), [1])
    await running.end({ jobId: 1 })
    await running.workReady.next()
    t.same(idsOf(await running.claim()), [2])
    await running.end({ jobId: 2 })
    await running.workReady.next()
    t.same(idsOf(await running.claim()), [3])
  },
)

t.test('the status message of a run follows its progress while it is in progress', async (t) => {
  const running = await build(t)
  await running.createIds([jobInput(R1, 'Add'), jobInput(R2, 'Add')])
  for (const job of await running.claim()) await running.confirm(job)
  const progress = { jobId: 1, submission: 1, message: 'Copying a.pie' }
  running.bus.publish(executorEvents.runProgressed, { ...progress, percent: 12 })
  running.bus.publish(executorEvents.runProgressed, { ...progress, percent: 45 })
  running.bus.publish(executorEvents.runProgressed, {
    jobId: 2,
    submission: 9,
    message: 'of another submission',
  })
  await until(async () => (await running.job(1)).statusMessage === 'Copying a.pie 45%', {
    message: 'the message is stored',
  })
  t.equal((await running.job(2)).statusMessage, 'Starting')
  running.bus.publish(executorEvents.runProgressed, { ...progress, message: 'too late' })
  await running.end({ jobId: 1 }, { statusMessage: 'Done' })
  await running.stop()
  const rows = await running.sql('SELECT status_message FROM job WHERE id = 1')
  t.same(rows, [{ status_message: 'Done' }])
})

t.test('history', async (t) => {
  t.test('keeps the newest finished jobs of a host and has the others forgotten', async (t) => {
    const running = await build(t, { config: { historyPerHost: 3 } })
    await running.createIds([
      ...Array.from({ length: 6 }, () => jobInput(R1, 'Add')),
      ...Array.from({ length: 2 }, () => jobInput(R2, 'Add')),
    ])
    await running.runAll()
    t.same(
      (await running.jobs({ hostname: nameOf(R1) })).map(({ id }) => id),
      [4, 5, 6],
    )
    t.same(
      (await running.jobs({ hostname: nameOf(R2) })).map(({ id }) => id),
      [7, 8],
    )
    const gone = [
      await running.forgotten.next(),
      await running.forgotten.next(),
      await running.forgotten.next(),
    ]
    t.same(gone.flat().sort(), [1, 2, 3])
  })
  t.test('keeps a failed job while others wait for it', async (t) => {
    const running = await build(t, { config: { historyPerHost: 1 } })
    await running.createIds(chainOf(R1).slice(0, 2))
    await running.runAll('failed')
    await running.createIds([jobInput(R1, 'Remove'), jobInput(R1, 'Deactivate')])
    await running.runAll()
    t.same(
      (await running.jobs()).map(({ id, status }) => [id, status]),
      [
        [1, 'failed'],
        [2, 'scheduled'],
        [4, 'completed'],
      ],
    )
  })
})

t.test('fair order', async (t) => {
  t.test('a host with many jobs does not hold up others', async (t) => {
    const running = await build(t, { replicas: 2 })
    const many = Array.from({ length: 1_000 }, () => jobInput(R1, 'Add'))
    await running.createIds([...many, jobInput(R2, 'Add'), jobInput(R3, 'Add')])
    const order: string[] = []
    for (let n = 0; n < 4; n += 1) {
      const [job] = await running.claim({ free: 1 })
      if (job === undefined) throw new Error('nothing to do')
      order.push(job.hostname)
      await running.end(job)
    }
    t.same(order, ['R1', 'R2', 'R3', 'R1'])
  })
  t.test('a chain that has begun keeps the place of its host', async (t) => {
    const running = await build(t)
    await running.createIds([...chainOf(R1).slice(0, 2), jobInput(R2, 'Add')])
    for (const hostname of ['R1', 'R1', 'R2']) {
      const [job] = await running.claim({ free: 1 })
      t.equal(job?.hostname, hostname)
      await running.end({ jobId: job?.jobId ?? 0 })
    }
  })
})

t.test('schedulers and executors at the same time lose nothing and run nothing twice', async (t) => {
  const running = await build(t, { replicas: 3, config: { runLimit: 20 } })
  const created = await running.createIds(Array.from({ length: 30 }, (_, n) => chainOf(host(n))).flat())
  const ran: number[] = []
  let ended = 0
  const work = async (executorId: string) => {
    while (ended < created.length) {
      const jobs = await running.claim({ executorId, free: 7 })
      if (jobs.length === 0) await running.workReady.next()
      await Promise.all(
        jobs.map(async (job) => {
          await running.confirm(job, executorId)
          ran.push(job.jobId)
          await running.end(job)
          ended += 1
        }),
      )
    }
  }
  await Promise.race([work('e1'), work('e2'), work('e3')])
  t.same(
    ran.toSorted((a, b) => a - b),
    created,
  )
  t.equal((await running.jobs({ status: 'completed' })).length, created.length)
})
