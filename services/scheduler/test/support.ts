// A running scheduler on a real database, met over the bus as inventory, gateway and executors meet it.
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type Bus, createInProcessBus } from '@slipway/bus'
import {
  type Caller,
  type ClaimedJob,
  executorDeliveries,
  fromErrorBody,
  type JobCreated,
  type JobInput,
  type JobRow,
  type PayloadOf,
  type ReplyOf,
  type RequestOf,
  type Rpc,
  type RunResult,
  schedulerDeliveries,
  schedulerEvents,
  schedulerMessages,
} from '@slipway/contracts'
import { withClient } from '@slipway/database'
import { type Clock, createLogger, createRegistry, loadConfig, type Metrics } from '@slipway/service-kit'
import { database, type Teardown, type TestDatabase } from '@slipway/test-kit'
import { type SchedulerConfig, schedulerConfig, schedulerService } from '../src/index.ts'

/** The request id of everything a test asks. */
export const requestId = 'request-of-the-test'
export const operator: Caller = { username: 'olga', privilege: 'Operator' }
/** Who may pause. */
export const networkAdmin: Caller = { username: 'neta', privilege: 'Network Admin' }
export const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url))
type Cancel = PayloadOf<typeof executorDeliveries.cancelRun>
type HostsRecord = PayloadOf<typeof schedulerDeliveries.recordHosts>
type HostRecord = HostsRecord['hosts'][number] & Pick<HostsRecord, 'requestId'>

/** A wall clock that the test sets; it starts at the machine's time. */
export interface TestClock extends Clock {
  advance(ms: number): void
}

export function testClock(start = new Date()): TestClock {
  let offsetMs = 0
  return {
    now: () => new Date(start.getTime() + offsetMs),
    monotonicMs: () => performance.now(),
    advance: (ms) => {
      offsetMs += ms
    },
  }
}

/** Facts a test waits for: each `next` resolves with the next one, heard before or after. */
export interface Heard<T> {
  readonly all: T[]
  next(): Promise<T>
}

function hear<T>(): Heard<T> & { add(item: T): void } {
  const all: T[] = []
  const waiting: ((item: T) => void)[] = []
  let read = 0
  return {
    all,
    add: (item) => {
      all.push(item)
      const resolve = waiting.shift()
      if (resolve !== undefined) {
        read += 1
        resolve(item)
      }
    },
    next: () =>
      new Promise((resolve) => {
        const item = all[read]
        if (item === undefined && read >= all.length) waiting.push(resolve)
        else {
          read += 1
          resolve(item as T)
        }
      }),
  }
}

export interface Running {
  readonly bus: Bus
  readonly db: TestDatabase
  readonly clock: TestClock
  readonly forgotten: Heard<number[]>
  readonly revoked: Heard<number>
  readonly workReady: Heard<true>
  readonly cancelled: Heard<Cancel>
  readonly metrics: Metrics
  /** Lines the scheduler logged, from info on. */
  readonly logged: Record<string, unknown>[]
  ask<T extends Rpc>(rpc: T, payload: RequestOf<T>, caller?: Caller): Promise<ReplyOf<T>>
  create(rows: JobInput[]): Promise<JobCreated[]>
  /** Creates rows that must all succeed. */
  createIds(rows: JobInput[]): Promise<number[]>
  jobs(filter?: RequestOf<typeof schedulerMessages.listJobs>): Promise<JobRow[]>
  job(id: number): Promise<JobRow>
  claim(options?: Partial<RequestOf<typeof schedulerMessages.claimRuns>>): Promise<ClaimedJob[]>
  confirm(job: ClaimedJob, executorId?: string): Promise<void>
  /** Claims, confirms and ends runs until nothing is due. @returns what ran, in order */
  runAll(outcome?: RunResult['outcome']): Promise<ClaimedJob[]>
  end(job: Pick<ClaimedJob, 'jobId'>, more?: Partial<RunResult>): Promise<void>
  recordHost(record: Partial<HostRecord> & { hostId: string }, deliveryId?: string): Promise<void>
  sql<R>(text: string, values?: unknown[]): Promise<R[]>
  stop(): Promise<void>
}

export interface BuildOptions {
  config?: Partial<SchedulerConfig>
  clock?: TestClock
  /** Schedulers on the same database. */
  replicas?: number
  /** The database of a scheduler that was stopped. */
  database?: TestDatabase
}

/** Starts a scheduler for a test and stops it with the test. Its sweep is slow, so that nothing rests on it. */
export async function build(t: Teardown, options: BuildOptions = {}): Promise<Running> {
  const metrics = createRegistry()
  const logged: Record<string, unknown>[] = []
  const log = createLogger({
    service: 'scheduler',
    level: 'info',
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  })
  const clock = options.clock ?? testClock()
  const db = options.database ?? (await database(t, { migrationsDir }))
  const hub = createInProcessBus({ log })
  t.teardown(() => hub.close())
  const executor = await hub.connect('executor')
  const bus = await hub.connect('gateway')
  const [forgotten, revoked, workReady] = [hear<number[]>(), hear<number>(), hear<true>()]
  const cancelled = hear<Cancel>()
  executor.receive(executorDeliveries.cancelRun, async (_id, cancel) => cancelled.add(cancel))
  executor.receive(executorDeliveries.forgetJobs, async (_id, { jobIds }) => forgotten.add(jobIds))
  executor.subscribe(schedulerEvents.runRevoked, ({ jobId }) => revoked.add(jobId))
  executor.subscribe(schedulerEvents.workReady, () => workReady.add(true))
  const config = { ...loadConfig(schedulerConfig, {}), sweepInterval: 3_600_000, ...options.config }
  const services = await Promise.all(
    Array.from({ length: options.replicas ?? 1 }, async () =>
      schedulerService.create({
        bus: await hub.connect('scheduler'),
        database: db.url,
        log,
        clock,
        config,
        metrics,
      }),
    ),
  )
  const stop = async () => void (await Promise.all(services.map((service) => service.stop())))
  t.teardown(stop)

  const ask: Running['ask'] = (rpc, payload, caller = operator) =>
    bus.request(rpc, payload, { caller, requestId })
  const create: Running['create'] = async (rows) => (await ask(schedulerMessages.createJobs, { rows })).rows
  const jobs: Running['jobs'] = async (filter = {}) => (await ask(schedulerMessages.listJobs, filter)).rows
  const claim: Running['claim'] = async (more) => {
    const request = { executorId: 'e1', requestId: randomUUID(), free: 100, ...more }
    return (await ask(schedulerMessages.claimRuns, request)).jobs
  }
  const confirm: Running['confirm'] = async ({ jobId, submission }, executorId = 'e1') => {
    const { rows } = await ask(schedulerMessages.confirmRuns, { rows: [{ executorId, jobId, submission }] })
    for (const { error } of rows) if (error !== undefined) throw fromErrorBody(error)
  }
  const end: Running['end'] = async ({ jobId }, more) => {
    const now = clock.now().toISOString()
    const result: RunResult = {
      jobId,
      submission: 1,
      outcome: 'completed',
      statusMessage: 'Done',
      trace: '',
      warnings: [],
      packageChanges: [],
      startedAt: now,
      finishedAt: now,
      ...more,
    }
    await bus.deliver(schedulerDeliveries.recordResults, randomUUID(), { results: [result] })
  }
  return {
    bus,
    db,
    clock,
    forgotten,
    revoked,
    workReady,
    cancelled,
    metrics,
    logged,
    ask,
    create,
    jobs,
    claim,
    confirm,
    end,
    stop,
    async createIds(rows) {
      return (await create(rows)).map(({ id, error }) => {
        if (id === undefined) throw new Error(error?.message)
        return id
      })
    },
    async job(id) {
      const [row] = await jobs({ id })
      if (row === undefined) throw new Error(`no job ${id}`)
      return row
    },
    async runAll(outcome = 'completed') {
      const ran: ClaimedJob[] = []
      for (let batch = await claim(); batch.length > 0; batch = await claim()) {
        ran.push(...batch)
        for (const job of batch) await confirm(job)
        for (const job of batch) await end(job, { outcome })
      }
      return ran
    },
    recordHost: ({ hostId, requestId, ...more }, deliveryId = randomUUID()) => {
      const news = { hostId, hostname: nameOf(hostId), region: 'Lab', version: 1, discover: false, ...more }
      const by = requestId === undefined ? {} : { requestId }
      return bus.deliver(schedulerDeliveries.recordHosts, deliveryId, { hosts: [news], ...by })
    },
    sql: (text, values = []) => withClient(db.url, async (client) => (await client.query(text, values)).rows),
  }
}

/** The id of host R<n>. */
export const host = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
export const nameOf = (hostId: string) => `R${Number(hostId.slice(-12))}`

/** A row of an installation request that is due now. */
export function jobInput(hostId: string, action: JobInput['action'], more: Partial<JobInput> = {}): JobInput {
  return {
    hostId,
    hostname: nameOf(hostId),
    action,
    serverDirectory: '',
    softwarePackages: [],
    commandProfiles: [],
    scheduledTime: '2020-01-01T00:00:00.000Z',
    ...more,
  }
}

/** Five chained rows of one host. */
export const chainOf = (hostId: string, more: Partial<JobInput> = {}) =>
  (['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit'] as const).map((action) =>
    jobInput(hostId, action, more),
  )
