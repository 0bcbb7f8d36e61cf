// Jobs through the whole path with work that does nothing (claimed → recorded → confirmed → ended → result
// recorded, of jobs accepted before; every step durable, runs fenced), beside graphile-worker and pg-boss draining no-ops with a
// completion for each job. Same PostgreSQL, same process, alternating rounds. Aim: 1.5 times the faster peer.
// Then 10,000 jobs that become due within a minute: from due to the start of the run. Aim: p99 < 1 s.
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@slipway/database'
import type { RunningService } from '@slipway/service-kit'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import PgBoss from 'pg-boss'
import { makeDataDir } from '../harness/data-dir.ts'
import { median, quantile } from './figures.ts'
import { type Composed, compose } from './support/composed.ts'
import { familyCpuSeconds } from './support/stage.ts'

const JOBS = Number(process.argv[2] ?? 5_000)
const ROUNDS = Number(process.argv[3] ?? 3)
const DUE_JOBS = Number(process.argv[4] ?? 10_000)
/** Connections and jobs at a time of each peer; Slipway has two pools of 5 connections, its default. */
const POOL = 10
const CONCURRENCY = 50
/** Runs at a time of Slipway's executor, the most it can be set to: nothing is limited by them. */
const RUNS = 1_000

const dataDir = await makeDataDir()
const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir.path, 'postgres') })
await postgres.ensureDatabase('graphile')
await postgres.ensureDatabase('boss')
const slipway = await compose(postgres, RUNS)

const speeds: Record<string, Speed[]> = { Slipway: [], 'graphile-worker': [], 'pg-boss': [] }
for (let round = 0; round < ROUNDS; round += 1) {
  speeds['Slipway']?.push(await drainSlipway(slipway))
  speeds['graphile-worker']?.push(await drainGraphile(postgres))
  speeds['pg-boss']?.push(await drainBoss(postgres))
}
const rates = new Map<string, number>()
for (const [name, rounds] of Object.entries(speeds)) {
  const rate = median(rounds.map(({ jobsPerSecond }) => jobsPerSecond))
  const cpu = median(rounds.map(({ cpuMsPerJob }) => cpuMsPerJob))
  const server = median(rounds.map(({ serverCpuMsPerJob }) => serverCpuMsPerJob))
  rates.set(name, rate)
  console.log(
    `${name}: ${rate.toFixed(0)} jobs/s, CPU a job: ${cpu.toFixed(2)} ms of this process, ${server.toFixed(2)} ms of PostgreSQL`,
  )
}
const ofPeers = Math.max(rates.get('graphile-worker') ?? 0, rates.get('pg-boss') ?? 0)
console.log(`ratio to the faster peer: ${((rates.get('Slipway') ?? 0) / ofPeers).toFixed(2)} (aim ≥ 1.5)`)
if (DUE_JOBS > 0) await measureDue(slipway)
await slipway.close()
await postgres.stop()
await dataDir.remove()

interface Speed {
  jobsPerSecond: number
  cpuMsPerJob: number
  serverCpuMsPerJob: number
}

function now() {
  return { at: performance.now(), cpu: process.cpuUsage(), server: familyCpuSeconds(postgres.pid) }
}

function since({ at, cpu, server }: ReturnType<typeof now>): Speed {
  const { user, system } = process.cpuUsage(cpu)
  return {
    jobsPerSecond: (JOBS / (performance.now() - at)) * 1_000,
    cpuMsPerJob: (user + system) / 1_000 / JOBS,
    serverCpuMsPerJob: ((familyCpuSeconds(postgres.pid) - server) * 1_000) / JOBS,
  }
}

/** From the start of the worker until nothing is left, as for the peers. */
async function drainSlipway({ accept, startExecutor, drained }: Composed): Promise<Speed> {
  await accept(JOBS, () => new Date())
  const started = now()
  let executor: RunningService | undefined
  // The database is asked once the last run has begun: the question costs as much as some of the work.
  await new Promise<void>((resolve, reject) => {
    let left = JOBS
    const began = () => {
      left -= 1
      if (left === 0) resolve()
    }
    startExecutor(began).then((running) => {
      executor = running
    }, reject)
  })
  await drained()
  const speed = since(started)
  await executor?.stop()
  return speed
}

async function drainGraphile(server: EmbeddedPostgres): Promise<Speed> {
  const options = { connectionString: server.url('graphile'), maxPoolSize: POOL, noHandleSignals: true }
  const quiet = { ...options, logger: new Logger(() => () => undefined) }
  const utils = await makeWorkerUtils(quiet)
  await utils.migrate()
  await utils.withPgClient((client) =>
    client.query(`SELECT graphile_worker.add_jobs(array_agg(spec)) FROM (
      SELECT json_populate_record(null::graphile_worker.job_spec, '{"identifier":"noop","payload":{}}') AS spec
        FROM generate_series(1, ${JOBS})) jobs`),
  )
  const started = now()
  const runner = await run({ ...quiet, concurrency: CONCURRENCY, taskList: { noop: async () => undefined } })
  await new Promise<void>((resolve) => {
    let left = JOBS
    runner.events.on('job:complete', () => {
      left -= 1
      if (left === 0) resolve()
    })
  })
  const speed = since(started)
  await runner.stop()
  await utils.release()
  return speed
}

async function drainBoss(server: EmbeddedPostgres): Promise<Speed> {
  const boss = new PgBoss({
    connectionString: server.url('boss'),
    max: POOL,
    supervise: false,
    schedule: false,
  })
  boss.on('error', () => undefined)
  await boss.start()
  await boss.createQueue('noop')
  await boss.insert(Array.from({ length: JOBS }, () => ({ name: 'noop', data: {} })))
  const started = now()
  const work = async (): Promise<void> => {
    for (;;) {
      const jobs = await boss.fetch('noop', { batchSize: CONCURRENCY / 2 })
      if (jobs.length === 0) return
      await Promise.all(jobs.map(({ id }) => boss.complete('noop', id)))
    }
  }
  await Promise.all([work(), work()])
  const speed = since(started)
  await boss.stop({ graceful: false, close: true })
  return speed
}

/** Jobs that become due one after the other within a minute, and when their runs begin. */
async function measureDue({ accept, startExecutor, drained }: Composed): Promise<void> {
  const delays: number[] = []
  const due = new Map<string, number>()
  const first = Date.now() + 15_000
  const dueAt = (n: number) => new Date(first + Math.floor((n * 60_000) / DUE_JOBS))
  for (let n = 0; n < DUE_JOBS; n += 1) due.set(`router-${n}`, dueAt(n).getTime())
  await accept(DUE_JOBS, dueAt)
  const executor = await startExecutor(({ hostname }) => {
    delays.push(Date.now() - (due.get(hostname) ?? Number.NaN))
  })
  await drained()
  await executor.stop()
  const [p50, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)]
  console.log(
    `${DUE_JOBS} jobs due within one minute, due → run started: p50 ${p50} ms, p99 ${p99} ms, slowest ${Math.max(...delays)} ms (aim p99 < 1000 ms)`,
  )
}
