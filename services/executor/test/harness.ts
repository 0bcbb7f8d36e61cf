// An executor on a real PostgreSQL and the in-process bus, with a scheduler and an inventory that remember what they
// were told, against simulated routers on real sockets.
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectNatsBus, createInProcessBus } from '@slipway/bus'
import {
  type ClaimedJob,
  createError,
  type Discovery,
  distributionMessages,
  type ExecutionTarget,
  executorDeliveries,
  executorEvents,
  executorMessages,
  type InstallAction,
  inventoryDeliveries,
  inventoryMessages,
  type RequestOf,
  type RunResult,
  schedulerDeliveries,
  schedulerEvents,
  schedulerMessages,
  toErrorBody,
} from '@slipway/contracts'

import { createPool } from '@slipway/database'
import {
  createRouter,
  createSftpRepository,
  type Family,
  type RouterOptions,
  type SimulatedRouter,
  writeDemoPackages,
} from '@slipway/router-sim'
import { createKeyring, createSealer } from '@slipway/secrets'
import {
  createLogger,
  createRegistry,
  type DatabaseConnection,
  loadConfig,
  type Metrics,
  systemClock,
} from '@slipway/service-kit'
import { database, type Teardown, tempDir } from '@slipway/test-kit'
import { executorConfig, executorService, type RunningExecutor } from '../src/index.ts'
import { type Cord, stretchCord } from './mortal.ts'

export const DEVICE_PASSWORD = 'dev!ce-Secret@7'
export const REPOSITORY_PASSWORD = 'rep:o?Secret/9'
const MASTER_KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`

type Result = RunResult

/** Times for tests: nothing waits longer than it must. */
export const quick = {
  SLIPWAY_MASTER_KEY: MASTER_KEY,
  EXECUTOR_SOLE: 'true',
  EXECUTOR_POLL_INTERVAL: '50ms',
  EXECUTOR_LOOK_AGAIN: '100ms',
  EXECUTOR_RELOAD_HOLD: '50ms',
  EXECUTOR_RECONNECT_PAUSE: '100ms',
  EXECUTOR_RELOAD_START: '20s',
  EXECUTOR_RELOAD_TIMEOUT: '30s',
  EXECUTOR_NODES_TIMEOUT: '30s',
  EXECUTOR_COMMAND_TIMEOUT: '20s',
  EXECUTOR_SWEEP_INTERVAL: '200ms',
}

export interface Lab {
  routers: Map<string, SimulatedRouter>
  repository: NonNullable<ExecutionTarget['repository']>
  repositoryRoot: string
  /** Adds a router and makes it a host. */
  add(family: Family, options?: Partial<RouterOptions>): Promise<LabHost>
}

export interface LabHost {
  hostId: string
  router: SimulatedRouter
  target: ExecutionTarget['host']
  /** The jump host it is reached through; set it before a job is offered. */
  jumpHost?: ExecutionTarget['jumpHost']
}

/** An executor that can be killed. */
export interface Mortal {
  /** Its way to the database. */
  readonly toDatabase: Cord
  kill(): Promise<void>
}

export interface Bench {
  lab: Lab
  metrics: Metrics
  /** Everything the executors logged, from debug on. */
  logged: Record<string, unknown>[]
  logDir: string
  connection: object
  query<T>(sql: string, values?: unknown[]): Promise<T[]>
  /** A way of its own to the database, which can be cut or held. */
  stretchToDatabase(): Promise<{
    cord: Cord
    connection: { host: string; port: number; user: string; database: string }
  }>
  /**
   * Starts an executor that can be killed: its connections to the database and to this host break at one moment,
   * and nothing it does afterwards is seen by anybody.
   */
  startMortal(host: LabHost, env?: Record<string, string>): Promise<Mortal>
  /** Starts another executor on the same database and bus. */
  start(env?: Record<string, string>, connection?: DatabaseConnection): Promise<RunningExecutor>
  /** Offers a job and waits for its result. */
  run(host: LabHost, action: InstallAction | 'inventory', options?: Partial<ClaimedJob>): Promise<Result>
  /** @param to the EXECUTOR_NAME of the only one who is offered it; default: whoever asks first */
  offer(
    host: LabHost,
    action: InstallAction | 'inventory',
    options?: Partial<ClaimedJob>,
    to?: string,
  ): ClaimedJob
  result(jobId: number): Promise<Result>
  results: Result[]
  discoveries: { hostId: string; discovery: Discovery }[]
  progress: { jobId: number; message: string; percent?: number }[]
  revoke(jobId: number): void
  /** Delivers that somebody wants a job stopped. @param submission default 1 */
  cancel(jobId: number, by: string, submission?: number): Promise<void>
  /** Delivers that jobs are gone. */
  forget(deliveryId: string, jobIds: number[]): Promise<void>
  /** Asks for a ticket to a job's logs, as the gateway does. */
  openLogs(jobId: number): Promise<string>
  describeLogs(jobId: number): Promise<{ name: string; size: number }[]>
  /** Jobs that the scheduler hands out but does not confirm. */
  gone: Set<number>
  profiles: ExecutionTarget['profiles']
  missing: string[]
  /** Opens links to the store of distributions; set it before a job needs one. */
  openRepository: (question: RequestOf<typeof distributionMessages.openRepository>) => Promise<string>
  claims: number
  /** Who asked for work, each time; answered when what this returns resolves. */
  onClaim: (executorId: string) => Promise<void> | undefined
}

/** Seals as the inventory does. */
export const seal = createSealer(createKeyring(MASTER_KEY))

/** @param servers of NATS; default: the in-process bus */
export async function bench(t: Teardown, servers?: string): Promise<Bench> {
  const db = await database(t, {
    migrationsDir: fileURLToPath(new URL('../prisma/migrations', import.meta.url)),
  })
  const metrics = createRegistry()
  const logged: Record<string, unknown>[] = []
  const log = createLogger({
    service: 'executor',
    level: 'debug',
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  })
  const hub = servers === undefined ? createInProcessBus({ log }) : connectNatsBus({ servers, log })
  const pool = createPool(db.connection)
  const logDir = await tempDir(t)
  const hosts = new Map<string, LabHost>()
  const routers = new Map<string, SimulatedRouter>()
  const repositoryRoot = await tempDir(t)
  const sftp = createSftpRepository({ root: repositoryRoot, user: 'files', password: REPOSITORY_PASSWORD })
  const at = await sftp.start()
  const repositoryId = randomUUID()
  const repository: Lab['repository'] = {
    id: repositoryId,
    name: 'Lab',
    serverType: 'SFTP',
    tftpServerPath: '',
    fileDirectory: '',
    serverAddress: `${at.address}:${at.port}`,
    homeDirectory: '/',
    vrf: '',
    username: 'files',
    sealedPassword: seal.seal(REPOSITORY_PASSWORD, {
      table: 'server_repository',
      row: repositoryId,
      field: 'password',
    }),
    destinationOnHost: '',
    devicePath: '',
    createdBy: 'root',
  }
  await writeDemoPackages(repositoryRoot, ['asr9k', 'ncs5500', 'asr9k-x64'])
  t.teardown(() => sftp.stop())

  const offered: { job: ClaimedJob; to: string | undefined }[] = []
  let lastJobId = 0
  const waiting = new Map<number, (result: Result) => void>()
  const self: Bench = {
    metrics,
    logged,
    logDir,
    connection: db.connection,
    profiles: [],
    missing: [],
    openRepository: async ({ directory }) => {
      throw createError('DISTRIBUTION_NOT_FOUND', [directory])
    },
    results: [],
    discoveries: [],
    progress: [],
    claims: 0,
    onClaim: () => undefined,
    query: async <T>(sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows as T[],
    lab: {
      routers,
      repository,
      repositoryRoot,
      async add(family, options = {}) {
        const hostId = randomUUID()
        const router = createRouter({
          name: `r${hosts.size + 1}-${family}`,
          family,
          protocol: hosts.size % 2 === 0 ? 'telnet' : 'ssh',
          user: 'cisco',
          password: DEVICE_PASSWORD,
          ...options,
        })
        const { address, port } = await router.start()
        t.teardown(() => router.stop())
        const host: LabHost = {
          hostId,
          router,
          target: {
            id: hostId,
            hostname: router.name,
            connectionType: router.options.protocol,
            addresses: [address],
            ports: [port],
            username: 'cisco',
            sealedPassword: seal.seal(DEVICE_PASSWORD, { table: 'host', row: hostId, field: 'password' }),
            facts: {
              family: 'Unknown',
              chassis: 'Unknown',
              softwarePlatform: 'Unknown',
              softwareVersion: 'Unknown',
              osType: 'Unknown',
            },
          },
        }
        hosts.set(hostId, host)
        routers.set(router.name, router)
        return host
      },
    },
    offer(host, action, options = {}, to = undefined) {
      const job: ClaimedJob = {
        jobId: ++lastJobId,
        submission: 1,
        kind: action === 'inventory' ? 'inventory' : 'install',
        hostId: host.hostId,
        hostname: host.router.name,
        ...(action === 'inventory' ? {} : { action }),
        serverDirectory: '',
        softwarePackages: [],
        commandProfiles: [],
        createdBy: 'root',
        ...(action === 'Add' ? { serverRepository: 'Lab' } : {}),
        ...options,
      }
      offered.push({ job, to })
      schedulerBus.publish(schedulerEvents.workReady, {})
      return job
    },
    result(jobId) {
      const done = self.results.find((result) => result.jobId === jobId)
      return done === undefined
        ? new Promise((resolve) => waiting.set(jobId, resolve))
        : Promise.resolve(done)
    },
    run: (host, action, options) => self.result(self.offer(host, action, options).jobId),
    gone: new Set(),
    forget: (deliveryId, jobIds) =>
      schedulerBus.deliver(executorDeliveries.forgetJobs, deliveryId, { jobIds }),
    openLogs: async (jobId) => {
      const caller = { username: 'root', privilege: 'Admin' } as const
      return (await schedulerBus.request(executorMessages.openLogs, { jobId }, { caller })).ticket
    },
    describeLogs: async (jobId) => {
      const caller = { username: 'root', privilege: 'Admin' } as const
      return (await schedulerBus.request(executorMessages.describeLogs, { jobId }, { caller })).files
    },
    revoke: (jobId) => schedulerBus.publish(schedulerEvents.runRevoked, { jobId }),
    cancel: (jobId, requestedBy, submission = 1) =>
      schedulerBus.deliver(executorDeliveries.cancelRun, randomUUID(), { jobId, submission, requestedBy }),
    async stretchToDatabase() {
      const [server] = await self.query<{ folder: string; port: string; name: string; role: string }>(
        `SELECT current_setting('unix_socket_directories') AS folder, current_setting('port') AS port,
                current_database() AS name, current_user AS role`,
      )
      if (server === undefined) throw new Error('no database')
      const cord = await stretchCord(t, { path: join(server.folder, `.s.PGSQL.${server.port}`) })
      return {
        cord,
        connection: { host: '127.0.0.1', port: cord.port, user: server.role, database: server.name },
      }
    },
    async startMortal(host, env = {}) {
      const { cord: toDatabase, connection } = await self.stretchToDatabase()
      const ports = host.target.ports
      const [port = 0] = ports
      const toRouter = await stretchCord(t, { host: '127.0.0.1', port })
      Object.assign(host.target, { ports: [toRouter.port] })
      const executor = await self.start(env, connection)
      return {
        toDatabase,
        async kill() {
          toDatabase.cut()
          toRouter.cut()
          Object.assign(host.target, { ports })
          await executor.stop()
        },
      }
    },
    async start(env = {}, connection = db.connection as DatabaseConnection) {
      const executor = await executorService.create({
        bus: await hub.connect('executor'),
        database: connection,
        log,
        metrics,
        clock: systemClock,
        config: loadConfig(
          executorConfig,
          { ...quick, SLIPWAY_LOG_DIR: logDir, ...env },
          { prefix: 'EXECUTOR' },
        ),
      })
      t.teardown(() => executor.stop())
      return executor
    },
  }

  const schedulerBus = await hub.connect('scheduler')
  const claimed = new Map<number, string>()
  schedulerBus.serve(schedulerMessages.claimRuns, async ({ executorId, free }) => {
    self.claims += 1
    const suitable = offered
      .filter(({ to }) => to === undefined || executorId.startsWith(`${to}-`))
      .slice(0, free)
    const jobs = suitable.map(({ job }) => job)
    for (const offer of suitable) offered.splice(offered.indexOf(offer), 1)
    for (const job of jobs) claimed.set(job.jobId, executorId)
    await self.onClaim(executorId)
    return { jobs, nextDueInMs: 60_000 }
  })
  schedulerBus.serve(schedulerMessages.confirmRuns, async ({ rows }) => ({
    rows: rows.map(({ executorId, jobId }) => {
      const stands = claimed.get(jobId) === executorId && !self.gone.has(jobId)
      return stands ? {} : { error: toErrorBody(createError('SCHEDULER_RUN_GONE', [jobId])) }
    }),
  }))
  schedulerBus.receive(schedulerDeliveries.recordResults, async (_id, { results }) => {
    for (const result of results) {
      self.results.push(result)
      waiting.get(result.jobId)?.(result)
      waiting.delete(result.jobId)
    }
  })
  schedulerBus.subscribe(executorEvents.runProgressed, (progress) => void self.progress.push(progress))
  const inventoryBus = await hub.connect('inventory')
  inventoryBus.serve(inventoryMessages.resolveTarget, async ({ hostId, serverRepository }) => {
    const host = hosts.get(hostId)
    if (host === undefined) throw createError('INVENTORY_HOST_NOT_FOUND', [hostId])
    return {
      host: host.target,
      ...(host.jumpHost === undefined ? {} : { jumpHost: host.jumpHost }),
      ...(serverRepository === undefined ? {} : { repository }),
      profiles: self.profiles,
      missing: self.missing,
    }
  })
  const distributionBus = await hub.connect('distribution')
  distributionBus.serve(distributionMessages.openRepository, async (question) => ({
    path: await self.openRepository(question),
    expiresAt: new Date().toISOString(),
  }))
  inventoryBus.receive(inventoryDeliveries.recordDiscovery, async (_id, { hostId, discovery }) => {
    self.discoveries.push({ hostId, discovery })
  })
  t.teardown(async () => {
    await hub.close()
    await pool.end()
  })
  return self
}

/** Everything in the database and in the log folder, as one text. */
export async function dump(b: Bench): Promise<string> {
  const tables = await b.query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
  )
  const rows = await Promise.all(
    tables.map(({ table_name }) => b.query(`SELECT row_to_json(t)::text AS row FROM "${table_name}" t`)),
  )
  const names = await readdir(b.logDir, { recursive: true, withFileTypes: true })
  const files = await Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  )
  return JSON.stringify(rows) + files.join('\n')
}
