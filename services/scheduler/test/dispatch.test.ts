// What people do to jobs that wait or run: pause, cancel, resubmit; and what a waiting job says. Two schedulers work on
// one database throughout.
import { randomUUID } from 'node:crypto'
import { type ClaimedJob, type SwitchInput, schedulerMessages } from '@slipway/contracts'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { build, chainOf, host, jobInput, networkAdmin, operator, type Running, requestId } from './support.ts'

const [R1, R2, R3] = [host(1), host(2), host(3)]
const replicas = 2
const everything = { scope: 'global', target: '', name: '' } as const
const west = { scope: 'region', target: 'West', name: 'West' } as const
const hostR1 = { scope: 'host', target: R1, name: 'R1' } as const

const idsOf = (jobs: readonly ClaimedJob[]) => jobs.map(({ jobId }) => jobId)

async function set(running: Running, ...rows: SwitchInput[]) {
  return (await running.ask(schedulerMessages.setSwitches, { rows }, networkAdmin)).rows
}
const pause = (running: Running, scope: Omit<SwitchInput, 'paused'>) =>
  set(running, { ...scope, paused: true })
const resume = (running: Running, scope: Omit<SwitchInput, 'paused'>) =>
  set(running, { ...scope, paused: false })
const list = async (running: Running) => (await running.ask(schedulerMessages.listSwitches, {})).rows
const says = async (running: Running, id: number) => (await running.job(id)).statusMessage

/** Claims and confirms what is due. */
async function start(running: Running): Promise<ClaimedJob[]> {
  const jobs = await running.claim()
  for (const job of jobs) await running.confirm(job)
  return jobs
}

t.test('pausing', async (t) => {
  t.test('holds new work of its scope, discoveries too; what runs goes on', async (t) => {
    const running = await build(t, { replicas })
    for (const [id, region] of [
      [R1, 'West'],
      [R2, 'West'],
      [R3, 'East'],
    ] as const) {
      await running.recordHost({ hostId: id, region })
    }
    await running.createIds([jobInput(R1, 'Add'), jobInput(R2, 'Add'), jobInput(R3, 'Add')])
    t.same(idsOf(await running.claim({ free: 1 })), [1])
    await pause(running, { ...west, reason: 'the core is unstable' })
    t.same(idsOf(await running.claim()), [3], 'another region goes on')
    t.equal(await says(running, 2), 'Waiting: region West is paused by neta: the core is unstable')
    await running.recordHost({ hostId: R2, region: 'West', version: 2, discover: true })
    await running.end({ jobId: 1 })
    t.equal((await running.job(1)).status, 'completed')
    t.same(await running.claim(), [])
    await pause(running, everything)
    await resume(running, west)
    t.same(await running.claim(), [])
    await resume(running, everything)
    t.same(idsOf(await running.claim()), [2])
  })
  t.test('of a host ends with the host; it may come before anything is known of it', async (t) => {
    const running = await build(t, { replicas })
    await pause(running, hostR1)
    await running.createIds([jobInput(R1, 'Add'), jobInput(R2, 'Add')])
    t.same(idsOf(await running.claim()), [2])
    t.equal(await says(running, 1), 'Waiting: host R1 is paused by neta')
    t.match(await list(running), [
      { scope: 'global', paused: false },
      { scope: 'host', name: 'R1' },
    ])
    await running.ask(schedulerMessages.releaseHost, { hostId: R1 })
    t.equal((await list(running)).length, 1)
    t.match(await pause(running, hostR1), [
      { error: { message: "Host 'R1' does not exist in the database." } },
    ])
  })
  t.test('wakes executors when it is lifted, and not before', async (t) => {
    const running = await build(t, { replicas })
    await pause(running, everything)
    await running.createIds([jobInput(R1, 'Add')])
    const request = { executorId: 'e1', requestId: 'r', free: 5 }
    t.match(await running.ask(schedulerMessages.claimRuns, request), { jobs: [], nextDueInMs: 60_000 })
    t.same(running.workReady.all, [])
    await resume(running, everything)
    await running.workReady.next()
    t.same(idsOf(await running.claim()), [1])
  })
  t.test('nothing is handed out once a pause is answered, whoever asks at the same time', async (t) => {
    const running = await build(t, { replicas })
    await running.createIds(Array.from({ length: 40 }, (_, n) => jobInput(host(n), 'Add')))
    const handedOut: number[] = []
    const claims = Array.from({ length: 10 }, async (_, n) => {
      const jobs = await running.claim({ executorId: `e${n}`, free: 1 })
      handedOut.push(...idsOf(jobs))
    })
    await pause(running, everything)
    const runs = await running.jobs({ status: 'in-progress' })
    await Promise.all(claims)
    t.same((await running.jobs({ status: 'in-progress' })).length, runs.length)
    t.equal(handedOut.length, runs.length)
  })
  t.test('says who, when and why; again for the same reason it stays as it was', async (t) => {
    const running = await build(t, { replicas })
    const pausedAt = running.clock.now().toISOString()
    const [first] = await pause(running, { ...west, reason: 'why' })
    const row = { ...west, paused: true, reason: 'why', pausedBy: 'neta', pausedAt }
    t.same(first, { switch: row })
    running.clock.advance(60_000)
    t.same(await pause(running, west), [{ switch: row }], 'a reason that is not given is kept')
    t.match(await pause(running, { ...west, reason: 'new' }), [{ switch: { reason: 'new' } }])
    t.not((await list(running))[1]?.pausedAt, pausedAt)
    const rows = await set(running, { ...west, paused: false }, { ...everything, paused: false, reason: 'x' })
    t.same(rows, [
      { switch: { ...west, paused: false, reason: '' } },
      { switch: { ...everything, paused: false, reason: '' } },
    ])
  })
  t.test('needs its permission; everybody may look', async (t) => {
    const running = await build(t)
    const rows = [{ ...everything, paused: true }]
    const refused = running.ask(schedulerMessages.setSwitches, { rows }, operator)
    await t.rejects(refused, { code: 'AUTH_NOT_AUTHORIZED' })
    t.equal((await list(running)).length, 1)
  })
})

const cancel = (running: Running, id: number) => running.ask(schedulerMessages.cancelJob, { id })

t.test('cancelling', async (t) => {
  t.test('a running job tells the executors, once', async (t) => {
    const running = await build(t, { replicas })
    await running.createIds([jobInput(R1, 'Add')])
    await start(running)
    const answers = await Promise.all([cancel(running, 1), cancel(running, 1), cancel(running, 1)])
    t.same(answers, Array(3).fill({ hostname: 'R1', action: 'Add' }))
    t.same(await running.cancelled.next(), { jobId: 1, submission: 1, requestedBy: 'olga', requestId })
    t.match(await running.job(1), {
      status: 'in-progress',
      statusMessage: 'Being cancelled by olga: Starting',
    })
    await running.end({ jobId: 1 }, { outcome: 'failed', statusMessage: 'Cancelled by olga' })
    t.match(await running.job(1), { status: 'failed', statusMessage: 'Cancelled by olga' })
    await cancel(running, 1)
    await until(async () => (await running.sql('SELECT 1 FROM outbox')).length === 0, {
      message: 'all is sent',
    })
    t.equal(running.cancelled.all.length, 1)
  })
  t.test('a job that completed meanwhile stays completed', async (t) => {
    const running = await build(t, { replicas })
    await running.createIds(chainOf(R1).slice(0, 2))
    await start(running)
    await cancel(running, 1)
    await running.end({ jobId: 1 })
    t.equal((await running.job(1)).status, 'completed')
    t.same(idsOf(await running.claim()), [2])
    await t.rejects(cancel(running, 1), {
      code: 'SCHEDULER_CANCEL_STATE',
      message: "Unable to cancel install job '1' as it is completed.",
    })
  })
  t.test('a job that is not confirmed ends at once and cannot be confirmed any more', async (t) => {
    const running = await build(t, { replicas })
    await running.createIds([...chainOf(R1).slice(0, 2), jobInput(R1, 'Remove')])
    const [job] = await running.claim()
    if (job === undefined) throw new Error('not claimed')
    await cancel(running, 1)
    t.match(await running.job(1), {
      status: 'failed',
      statusMessage: 'Cancelled by olga before it was started',
    })
    await t.rejects(running.confirm(job), { code: 'SCHEDULER_RUN_GONE' })
    running.clock.advance(60_000)
    t.same(idsOf(await running.claim()), [3], 'the host is free, and the job is not offered again')
    t.equal(await says(running, 2), 'Waiting for dependency 1 (Pre-Upgrade, failed)')
    t.same(running.cancelled.all, [])
  })
  t.test('whoever is first, confirmation or cancellation, no job is both', async (t) => {
    const running = await build(t, { replicas })
    await running.createIds(Array.from({ length: 20 }, (_, n) => jobInput(host(n), 'Add')))
    const jobs = await running.claim()
    const confirmed = await Promise.all(
      jobs.map(async (job) => {
        const [answer] = await Promise.allSettled([running.confirm(job), cancel(running, job.jobId)])
        return answer.status === 'fulfilled'
      }),
    )
    const states = await Promise.all(jobs.map(async ({ jobId }) => (await running.job(jobId)).status))
    t.same(
      states,
      confirmed.map((stands) => (stands ? 'in-progress' : 'failed')),
    )
    await until(() => running.cancelled.all.length === confirmed.filter(Boolean).length, {
      message: 'the executors hear of each confirmed one',
    })
  })
  t.test('is refused for jobs that do not run, and for discoveries', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    await running.recordHost({ hostId: R2, discover: true })
    await t.rejects(cancel(running, 1), { message: "Unable to cancel install job '1' as it is scheduled." })
    await running.runAll('failed')
    await t.rejects(cancel(running, 1), { message: "Unable to cancel install job '1' as it is failed." })
    await t.rejects(cancel(running, 9), { message: "Install job id '9' does not exist in the database." })
    await running.recordHost({ hostId: R2, discover: true, version: 2 })
    const [discovery] = await start(running)
    await t.rejects(cancel(running, discovery?.jobId ?? 0), { code: 'SCHEDULER_DELETE_JOB_NOT_FOUND' })
  })
})

const resubmit = (running: Running, id: number, scheduledTime?: string) =>
  running.ask(schedulerMessages.resubmitJob, {
    id,
    ...(scheduledTime === undefined ? {} : { scheduledTime }),
  })

t.test('resubmitting', async (t) => {
  t.test('a failed job runs it again under its id, and frees what waits for it', async (t) => {
    const running = await build(t, { replicas })
    await running.createIds(chainOf(R1).slice(0, 2))
    await running.runAll('completed')
    await running.createIds(chainOf(R1))
    const [before] = await start(running)
    await running.end(
      { jobId: 3 },
      { outcome: 'failed', trace: '% bad', warnings: ['w'], packageChanges: ['+a'] },
    )
    running.clock.advance(1_000)
    t.same(await resubmit(running, 3), { hostname: 'R1', action: 'Pre-Upgrade' })
    const scheduledTime = running.clock.now().toISOString()
    t.match(await running.job(3), {
      status: 'scheduled',
      scheduledTime,
      trace: '',
      warnings: [],
      packageChanges: [],
      statusMessage: 'Waiting for an executor',
    })
    t.notOk((await running.job(3)).startedAt)
    const [again] = await start(running)
    t.same(again, { ...before, submission: 2 })
    await running.end({ jobId: 3 }, { submission: 1, outcome: 'failed' })
    t.equal((await running.job(3)).status, 'in-progress', 'a late result of the first submission is ignored')
    await running.end({ jobId: 3 }, { submission: 2 })
    t.same(idsOf(await running.runAll()), [4, 5, 6, 7])
  })
  t.test('may be for later', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    await running.runAll('failed')
    const later = new Date(running.clock.now().getTime() + 3_600_000).toISOString()
    await resubmit(running, 1, later)
    t.equal(await says(running, 1), 'Waiting for its scheduled time')
    t.same(await running.claim(), [])
    running.clock.advance(3_600_000)
    t.same(idsOf(await running.claim()), [1])
  })
  t.test('twice at the same time is once', async (t) => {
    const running = await build(t, { replicas })
    await running.createIds([jobInput(R1, 'Add')])
    await running.runAll('failed')
    const answers = await Promise.allSettled([1, 2, 3, 4].map(() => resubmit(running, 1)))
    t.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    t.match((await running.claim())[0], { jobId: 1, submission: 2 })
  })
  t.test('is refused unless the job failed', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    const refusal = (state: string) => ({
      code: 'SCHEDULER_RESUBMIT_STATE',
      message: `Unable to resubmit install job '1' as it is ${state}.`,
    })
    await t.rejects(resubmit(running, 1), refusal('scheduled'))
    await start(running)
    await t.rejects(resubmit(running, 1), refusal('in progress'))
    await running.end({ jobId: 1 })
    await t.rejects(resubmit(running, 1), refusal('completed'))
    await t.rejects(resubmit(running, 9), { message: "Install job id '9' does not exist in the database." })
  })
  t.test('waits for what it depends on as that is now, or as it was where that is gone', async (t) => {
    const running = await build(t)
    await running.createIds([...chainOf(R1).slice(0, 2), ...chainOf(R2).slice(0, 2)])
    for (const job of await start(running)) await running.end(job)
    for (const job of await start(running)) await running.end(job, { outcome: 'failed' })
    await running.sql(`UPDATE job SET status = 'failed' WHERE id = 1`)
    await running.sql(`DELETE FROM job WHERE id = 3`)
    await resubmit(running, 2)
    await resubmit(running, 4)
    t.equal(await says(running, 2), 'Waiting for dependency 1 (Pre-Upgrade, failed)')
    t.same(idsOf(await running.claim()), [4])
    await resubmit(running, 1)
    for (const job of await start(running)) await running.end(job, { submission: 2 })
    t.match(await running.claim(), [{ jobId: 2, submission: 2 }])
  })
  t.test('a cancelled job forgets that it was', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add')])
    await running.claim()
    await cancel(running, 1)
    await resubmit(running, 1)
    await t.rejects(cancel(running, 1), { message: "Unable to cancel install job '1' as it is scheduled." })
    await start(running)
    t.equal(await says(running, 1), 'Starting')
    await cancel(running, 1)
    t.match(await running.cancelled.next(), { jobId: 1, submission: 2 })
  })
})

t.test('a waiting job names its reason, the most telling first', async (t) => {
  const running = await build(t, { replicas, config: { runLimit: 2, regionRunLimit: 1 } })
  for (const [n, region] of ['West', 'West', 'East', 'North'].entries()) {
    await running.recordHost({ hostId: host(n + 1), region })
  }
  const scheduledTime = new Date(running.clock.now().getTime() + 60_000).toISOString()
  const [first = 0, second = 0] = await running.createIds(chainOf(R1, { scheduledTime }).slice(0, 2))
  const [other = 0] = await running.createIds([jobInput(R1, 'Remove', { scheduledTime })])
  await pause(running, { ...hostR1, reason: 'a' })
  await pause(running, { ...west, reason: 'b' })
  await pause(running, { ...everything, reason: 'c' })
  const expect = async (id: number, message: string) => t.equal(await says(running, id), message)
  await expect(second, 'Waiting for its scheduled time')
  running.clock.advance(60_000)
  await expect(second, `Waiting for dependency ${first} (Pre-Upgrade, scheduled)`)
  await expect(first, 'Waiting: everything is paused by neta: c')
  await resume(running, everything)
  await expect(first, 'Waiting: region West is paused by neta: b')
  await resume(running, west)
  await expect(first, 'Waiting: host R1 is paused by neta: a')
  await resume(running, hostR1)
  await expect(first, 'Waiting for an executor')
  running.clock.advance(15_000)
  await expect(first, 'Waiting: no executor has asked for work in the last 30 seconds')
  await pause(running, everything)
  await running.claim()
  await resume(running, everything)
  await expect(first, 'Waiting for an executor')
  await expect(other, `Waiting: job ${first} (Pre-Upgrade) of the host goes first`)
  await running.createIds([jobInput(R2, 'Add')])
  await running.recordHost({ hostId: R2, region: 'West', version: 2, discover: true })
  const [discovered] = await running.claim({ free: 1 })
  if (discovered === undefined) throw new Error('not claimed')
  await running.confirm(discovered)
  await expect(first, 'Waiting: 1 job is running in region West, which is the limit')
  await running.createIds([jobInput(R3, 'Add')])
  await start(running)
  const [north = 0] = await running.createIds([jobInput(host(4), 'Add')])
  await expect(north, 'Waiting: 2 jobs are running, which is the limit')
})

t.test('executors that are silent while jobs run may be busy', async (t) => {
  const running = await build(t, { replicas })
  await running.createIds([jobInput(R1, 'Add')])
  await start(running)
  const [id = 0] = await running.createIds([jobInput(R2, 'Add')])
  running.clock.advance(31_000)
  t.equal(
    await says(running, id),
    'Waiting: no executor has asked for work in the last 30 seconds; 1 job is running',
  )
  await running.claim({ executorId: 'e2', requestId: randomUUID() })
  t.equal(await says(running, id), 'Starting: handed to executor e2')
})

t.test('5,000 waiting jobs are listed with their reasons in a few statements', async (t) => {
  const running = await build(t)
  await running.createIds(Array.from({ length: 5_000 }, (_, n) => jobInput(host(n), 'Add')))
  await pause(running, hostR1)
  const count = async () => {
    const [row] = await running.sql<{ calls: string }>(
      `SELECT xact_commit + xact_rollback AS calls FROM pg_stat_database WHERE datname = current_database()`,
    )
    return Number(row?.calls)
  }
  const before = await count()
  const jobs = await running.jobs()
  t.equal(jobs.length, 5_000)
  t.equal(jobs.find(({ hostId }) => hostId === R1)?.statusMessage, 'Waiting: host R1 is paused by neta')
  t.ok((await count()) - before < 100, 'not a statement a job')
})
