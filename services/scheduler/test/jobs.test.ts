import { hasCode, schedulerMessages } from '@slipway/contracts'
import { createPool, prismaAdapter, withClient } from '@slipway/database'
import { createLogger } from '@slipway/service-kit'
import { database } from '@slipway/test-kit'
import t from 'tap'
import { PrismaClient } from '../src/generated/client.ts'
import { createJobCreation } from '../src/jobs/job-create-service.ts'
import { createJobLists } from '../src/jobs/job-list-service.ts'
import { createStore } from '../src/scheduler-store.ts'
import { build, chainOf, host, jobInput, migrationsDir, nameOf, testClock } from './support.ts'

const [R1, R2] = [host(1), host(2)]
const later = (ms: number, from = new Date()) => new Date(from.getTime() + ms).toISOString()

t.test('creates the rows of a request with their chain, in request order', async (t) => {
  const running = await build(t)
  const [commit, ...others] = chainOf(R1, {
    serverRepository: 'Depot',
    serverDirectory: 'a/b',
    softwarePackages: ['asr9k-px-5.3.3.CSCuz05961.pie', 'x.pie'],
    commandProfiles: ['Test Commands'],
  }).reverse()
  if (commit === undefined) throw new Error('no row')
  const ids = await running.createIds([commit, ...others])
  t.same(ids, [1, 2, 3, 4, 5])
  const rows = await running.jobs()
  t.same(
    rows.map(({ id, action, dependsOn, status }) => [id, action, dependsOn, status]),
    [
      [1, 'Commit', 2, 'scheduled'],
      [2, 'Post-Upgrade', 3, 'scheduled'],
      [3, 'Activate', 4, 'scheduled'],
      [4, 'Add', 5, 'scheduled'],
      [5, 'Pre-Upgrade', undefined, 'scheduled'],
    ],
  )
  t.match(rows[3], {
    hostId: R1,
    hostname: 'R1',
    serverRepository: 'Depot',
    serverDirectory: 'a/b',
    softwarePackages: ['asr9k-px-5.3.3.CSCuz05961.pie', 'x.pie'],
    commandProfiles: ['Test Commands'],
    scheduledTime: '2020-01-01T00:00:00.000Z',
    createdBy: 'olga',
    trace: '',
    warnings: [],
    packageChanges: [],
    statusMessage: 'Waiting for dependency 5 (Pre-Upgrade, scheduled)',
  })
  t.notOk('startedAt' in (rows[3] ?? {}))
})

t.test('creates the good rows and says of the others why not', async (t) => {
  const running = await build(t)
  const rows = await running.create([
    jobInput(R1, 'Add', { dependency: { jobId: 999, asGiven: '999' } }),
    jobInput(R1, 'Activate'),
    jobInput(R2, 'Add', { scheduledTime: later(3_600_000) }),
    jobInput(R2, 'Activate'),
  ])
  t.match(rows, [
    { error: { code: 'SCHEDULER_DEPENDENCY_NOT_FOUND' } },
    { error: { message: 'Not submitted. Its dependency failed.' } },
    { id: 1 },
    { id: 2, warning: 'The job depends on job 1 (Add), which is scheduled later, and will wait for it.' },
  ])
  t.same((await running.jobs()).length, 2)
})

t.test('finds an explicit dependency in the database; a completed one satisfies at once', async (t) => {
  const running = await build(t)
  await running.createIds([jobInput(R1, 'Add'), jobInput(R2, 'Add')])
  const [done] = await running.runAll()
  t.equal(done?.jobId, 1)
  const rows = await running.create([
    jobInput(R1, 'Activate', { dependency: { jobId: 1, asGiven: '1' } }),
    jobInput(R1, 'Remove', { dependency: { action: 'Add', asGiven: 'Add' } }),
    jobInput(R1, 'Commit', { dependency: { jobId: 2, asGiven: '2' } }),
  ])
  t.match(rows, [{ id: 3 }, { id: 4 }, { error: { code: 'SCHEDULER_DEPENDENCY_OTHER_HOST' } }])
  t.match(await running.claim(), [{ jobId: 3, dependsOn: 1 }])
})

t.test('never reuses an id, not even of the last job', async (t) => {
  const running = await build(t)
  t.same(await running.createIds([jobInput(R1, 'Add')]), [1])
  await running.ask(schedulerMessages.deleteJobs, { id: 1 })
  t.same(await running.createIds([jobInput(R1, 'Add')]), [2])
})

t.test('refuses a moment that does not exist and creates nothing', async (t) => {
  const running = await build(t)
  const rows = [jobInput(R1, 'Add'), jobInput(R1, 'Commit', { scheduledTime: '2026-13-41T00:00:00.000Z' })]
  await t.rejects(running.create(rows), { code: 'BUS_INVALID_PAYLOAD' })
  t.same(await running.jobs(), [])
})

t.test('creates and lists 5,000 rows in a handful of statements', async (t) => {
  const db = await database(t, { migrationsDir })
  const pool = createPool(db.url)
  const statements: unknown[] = []
  pool.on('connect', (client) => {
    const query = client.query.bind(client)
    client.query = (...args: unknown[]) => {
      statements.push(args[0])
      return Reflect.apply(query, client, args)
    }
  })
  const store = createStore(pool, new PrismaClient({ adapter: prismaAdapter(pool) }))
  t.teardown(() => store.close())
  const create = createJobCreation({
    store,
    clock: testClock(),
    changed: () => undefined,
    metrics: { created: () => undefined },
    log: createLogger({ service: 'scheduler', level: 'silent' }),
  })
  const rows = Array.from({ length: 1_000 }, (_, index) =>
    chainOf(host(index), { softwarePackages: ['a.pie', 'b.pie'] }),
  ).flat()
  const { rows: answers } = await create(rows, { user: 'olga', requestId: 'r-1' })
  t.equal(answers.filter(({ id }) => id !== undefined).length, 5_000)
  t.ok(statements.length <= 10, `${statements.length} statements`)
  t.notMatch(
    JSON.stringify(statements),
    /ANY\(\$\d+::text::/,
    'a list that is cast from text in a condition would be read again for each row of a table',
  )
  const counts = await withClient(db.url, async (pg) => {
    const sql = 'SELECT count(*)::int AS jobs, count(depends_on)::int AS links FROM job'
    return (await pg.query(sql)).rows
  })
  t.same(counts, [{ jobs: 5_000, links: 4_000 }])
  const limits = { running: 0, runningPerRegion: 0 }
  const lists = createJobLists({ store, clock: testClock(), limits })
  const count = async (filter: { hostname?: string }) => {
    statements.length = 0
    const { rows } = await lists.list(filter)
    return [JSON.parse(rows).length, statements.length]
  }
  t.same(await count({ hostname: nameOf(host(7)) }), [5, 5], 'jobs, those that wait, and why they do')
  t.same(await count({}), [5_000, 5])
  await withClient(db.url, (pg) => pg.query(`UPDATE job SET status = 'completed'`))
  t.same(await count({ hostname: nameOf(host(7)) }), [5, 1], 'what has ended needs no second look')
  t.same(await count({}), [5_000, 1])
})

t.test('requests for the same host at the same time do not miss each other', async (t) => {
  const running = await build(t, { replicas: 2 })
  const requests = Array.from({ length: 6 }, () => running.createIds([...chainOf(R1), ...chainOf(R2)]))
  const ids = (await Promise.all(requests)).flat()
  t.equal(new Set(ids).size, 60)
  t.same((await running.runAll()).length, 60)
})

t.test('lists by filters that are ANDed', async (t) => {
  const running = await build(t)
  await running.createIds([...chainOf(R1), ...chainOf(R2, { scheduledTime: later(3_600_000) })])
  const ids = async (filter: Parameters<typeof running.jobs>[0]) =>
    (await running.jobs(filter)).map(({ id }) => id)
  t.same(await ids({ hostname: nameOf(R2) }), [6, 7, 8, 9, 10])
  t.same(await ids({ hostname: 'nobody' }), [])
  t.same(await ids({ action: 'Add' }), [2, 7])
  t.same(await ids({ hostname: nameOf(R1), action: 'Add', status: 'scheduled' }), [2])
  t.same(await ids({ status: 'failed' }), [])
  t.same(await ids({ scheduledFrom: later(60_000) }), [6, 7, 8, 9, 10])
  t.same(await ids({ id: 3, hostname: nameOf(R2), status: 'failed' }), [3], 'an id stands alone')
  await t.rejects(running.jobs({ id: 99 }), {
    code: 'SCHEDULER_JOB_NOT_FOUND',
    message: "Install id '99' does not exist in the database.",
  })
  t.match(await running.ask(schedulerMessages.listJobs, { status: 'failed', page: 1 }), {
    rows: [],
    page: 1,
    totalPages: 1,
  })
})

t.test('more than 5,000 jobs need a page', async (t) => {
  const running = await build(t)
  await running.sql(
    `INSERT INTO job (kind, host_id, hostname, action, scheduled_time, created_by, created_at, status, finished_at,
                      software_packages, command_profiles, warnings, package_changes)
     SELECT 'install', ('00000000-0000-4000-8000-' || lpad((n % 100)::text, 12, '0'))::uuid, 'R', 'Add', now(), 'x',
            now(), CASE WHEN n <= 5001 THEN 'completed' ELSE 'failed' END, now(), '{}', '{}', '{}', '{}'
       FROM generate_series(1, 5002) n`,
  )
  await t.rejects(running.jobs({ status: 'completed' }), { code: 'SCHEDULER_TOO_MANY' })
  t.equal((await running.jobs({ status: 'failed' })).length, 1)
  const page = await running.ask(schedulerMessages.listJobs, { status: 'completed', page: 6 })
  t.same([page.page, page.totalPages, page.rows.map(({ id }) => id)], [6, 6, [5_001]])
  await t.rejects(running.jobs({ status: 'completed', page: 7 }), { code: 'INPUT_PAGE_UNKNOWN' })
  await running.sql('ANALYZE job')
  const plan = await running.sql<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT * FROM job WHERE kind = 'install' AND host_id = '${R1}' ORDER BY job.id LIMIT 5001`,
  )
  t.notMatch(JSON.stringify(plan), /Seq Scan/, 'the jobs of a host are found by an index')
})

t.test('a waiting job says what it waits for', async (t) => {
  const running = await build(t, { config: { regionRunLimit: 1 } })
  await running.recordHost({ hostId: R1, region: 'West' })
  await running.recordHost({ hostId: R2, region: 'West' })
  const [, add, activate] = await running.createIds(chainOf(R1))
  const [future, remove] = await running.createIds([
    jobInput(R1, 'Deactivate', { scheduledTime: later(3_600_000) }),
    jobInput(R1, 'Remove'),
  ])
  const [other] = await running.createIds([jobInput(R2, 'Add')])
  if (add === undefined || activate === undefined || future === undefined) throw new Error('not created')
  if (remove === undefined || other === undefined) throw new Error('not created')
  const says = async (id: number) => (await running.job(id)).statusMessage
  t.equal(await says(future), 'Waiting for its scheduled time')
  t.equal(await says(remove), 'Waiting: job 1 (Pre-Upgrade) of the host goes first')
  t.equal(await says(1), 'Waiting for an executor')
  const [first] = await running.claim()
  t.equal(first?.jobId, 1)
  t.equal(await says(add), 'Waiting for dependency 1 (Pre-Upgrade, in-progress)')
  t.equal(await says(remove), 'Waiting: job 1 (Pre-Upgrade) is running on the host')
  t.equal(await says(other), 'Waiting: 1 job is running in region West, which is the limit')
  await running.end({ jobId: 1 }, { outcome: 'failed', trace: '% no such thing', statusMessage: 'Failed' })
  t.equal(await says(add), 'Waiting for dependency 1 (Pre-Upgrade, failed)')
  t.equal(await says(activate), `Waiting for dependency ${add} (Add, scheduled)`)
  t.match(await running.job(1), { status: 'failed', statusMessage: 'Failed', trace: '% no such thing' })
})

t.test('deletes', async (t) => {
  const remove = schedulerMessages.deleteJobs
  t.test('a job with all its dependents, transitively', async (t) => {
    const running = await build(t)
    await running.createIds(chainOf(R1))
    const { rows } = await running.ask(remove, { id: 2 })
    t.same(rows, [
      { id: 2, hostname: 'R1', action: 'Add', dependents: [3, 4, 5] },
      { id: 3, hostname: 'R1', action: 'Activate' },
      { id: 4, hostname: 'R1', action: 'Post-Upgrade' },
      { id: 5, hostname: 'R1', action: 'Commit' },
    ])
    t.same(
      (await running.jobs()).map(({ id }) => id),
      [1],
    )
    t.same(await running.forgotten.next(), [2, 3, 4, 5])
  })
  t.test('by host: scheduled and failed ones, the others are passed over', async (t) => {
    const running = await build(t)
    await running.createIds([...chainOf(R1), jobInput(R2, 'Add'), jobInput(R1, 'Remove')])
    await running.claim({ free: 2 })
    await running.end({ jobId: 1 })
    const { rows } = await running.ask(remove, { hostId: R1 })
    t.same(
      rows.map(({ id, dependents }) => [id, dependents]),
      [
        [2, [3, 4, 5]],
        [3, [4, 5]],
        [4, [5]],
        [5, []],
        [7, []],
      ],
    )
    t.same(
      (await running.jobs()).map(({ id, status }) => [id, status]),
      [
        [1, 'completed'],
        [6, 'in-progress'],
      ],
    )
  })
  t.test('by status: a failed job takes what waits for it', async (t) => {
    const running = await build(t)
    await running.createIds([...chainOf(R1), ...chainOf(R2)])
    await running.claim()
    await running.end({ jobId: 1 }, { outcome: 'failed' })
    const { rows } = await running.ask(remove, { status: 'failed' })
    t.same(rows[0], { id: 1, hostname: 'R1', action: 'Pre-Upgrade', dependents: [2, 3, 4, 5] })
    t.equal(rows.length, 5)
    t.same((await running.ask(remove, { status: 'failed' })).rows, [])
    t.same((await running.ask(remove, { id: 7, status: 'failed' })).rows, [], 'filters are ANDed')
  })
  t.test('nothing that is in progress, completed or unknown', async (t) => {
    const running = await build(t)
    await running.createIds([jobInput(R1, 'Add'), jobInput(R2, 'Add')])
    await running.claim()
    await running.end({ jobId: 2 })
    t.match((await running.ask(remove, { id: 1 })).rows, [
      { id: 1, error: { message: "Unable to delete install job '1' as it is in progress." } },
    ])
    t.match((await running.ask(remove, { id: 2 })).rows, [
      { id: 2, error: { message: "Unable to delete install job '2' as it is completed." } },
    ])
    await t.rejects(running.ask(remove, { id: 3 }), {
      message: "Install job id '3' does not exist in the database.",
    })
    await t.rejects(running.ask(remove, {}), { code: 'SCHEDULER_DELETE_FILTER_MISSING' })
    t.equal((await running.jobs()).length, 2)
  })
})

t.test('counts the unfinished jobs that use a repository or a profile', async (t) => {
  const running = await build(t)
  await running.createIds([
    ...chainOf(R1, { serverRepository: 'Depot', commandProfiles: ['A', 'B'] }),
    jobInput(R2, 'Add', { serverRepository: 'Other' }),
  ])
  const count = async (reference: { serverRepository: string } | { commandProfile: string }) =>
    (await running.ask(schedulerMessages.countReferences, reference)).count
  t.equal(await count({ serverRepository: 'Depot' }), 1, 'only Add uses a repository')
  t.equal(await count({ serverRepository: 'Nobody' }), 0)
  t.equal(await count({ commandProfile: 'B' }), 5)
  await running.runAll()
  t.equal(await count({ serverRepository: 'Depot' }), 0)
  t.equal(await count({ commandProfile: 'B' }), 0)
})

t.test('a viewer may list but not create', async (t) => {
  const { bus } = await build(t)
  const caller = { username: 'vera', privilege: 'Viewer' } as const
  t.same((await bus.request(schedulerMessages.listJobs, {}, { caller })).rows, [])
  const rows = [jobInput(R1, 'Add')]
  const refused = await bus
    .request(schedulerMessages.createJobs, { rows }, { caller })
    .catch((error) => error)
  t.ok(hasCode(refused, 'AUTH_NOT_AUTHORIZED'))
})
