// Scheduler and executor in this process, on the in-process bus and their own databases, with work that does nothing:
// what is left is accepting, claiming, confirming, recording, delivering.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInProcessBus } from '@slipway/bus'
import { type ClaimedJob, type JobInput, schedulerMessages } from '@slipway/contracts'
import { type EmbeddedPostgres, migrate } from '@slipway/database'
import { executorConfig, executorService } from '@slipway/executor'
import { schedulerConfig, schedulerService } from '@slipway/scheduler'
import {
  createLogger,
  loadConfig,
  type RunningService,
  type ServiceDefinition,
  systemClock,
} from '@slipway/service-kit'
import pg from 'pg'

const ROWS_OF_A_REQUEST = 5_000
const caller = { username: 'bench', privilege: 'Admin' } as const

export interface Composed {
  /** Creates jobs, one on each host, as the gateway would. @param dueAt of the job with this number, from 0 */
  accept(count: number, dueAt: (n: number) => Date): Promise<void>
  /** Starts the executor. @param began called when the work of a run begins */
  startExecutor(began: (job: ClaimedJob) => void): Promise<RunningService>
  /** Resolves when no job waits or runs. */
  drained(): Promise<void>
  close(): Promise<void>
}

/** @param runsAtATime the executor's EXECUTOR_CONCURRENCY */
export async function compose(postgres: EmbeddedPostgres, runsAtATime: number): Promise<Composed> {
  const hub = createInProcessBus()
  const log = createLogger({ level: 'error', service: 'bench' })
  const logDir = await mkdtemp(join(tmpdir(), 'slipway-bench-logs-'))
  const open = async (service: Pick<ServiceDefinition, 'name' | 'databaseFolder'>) => {
    const name = `slipway_${service.name}`
    await postgres.ensureDatabase(name)
    const connection = { connectionString: postgres.url(name) }
    await migrate({ connection, migrationsDir: join(service.databaseFolder ?? '', 'prisma', 'migrations') })
    return { bus: await hub.connect(service.name), database: postgres.url(name), log, clock: systemClock }
  }
  const schedulerDeps = await open(schedulerService)
  const executorDeps = await open(executorService)
  const scheduler = await schedulerService.create({
    ...schedulerDeps,
    config: loadConfig(schedulerConfig, {}, { prefix: 'SCHEDULER' }),
  })
  const gateway = await hub.connect('gateway')
  const sql = new pg.Pool({ connectionString: postgres.url('slipway_scheduler'), max: 1 })
  return {
    async accept(count, dueAt) {
      for (let from = 0; from < count; from += ROWS_OF_A_REQUEST) {
        const length = Math.min(ROWS_OF_A_REQUEST, count - from)
        const rows = Array.from({ length }, (_, index) => jobInput(from + index, dueAt(from + index)))
        await gateway.request(schedulerMessages.createJobs, { rows }, { caller })
      }
    },
    startExecutor: (began) =>
      executorService.create({
        ...executorDeps,
        config: loadConfig(
          executorConfig,
          {
            SLIPWAY_MASTER_KEY: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
            SLIPWAY_LOG_DIR: logDir,
            EXECUTOR_CONCURRENCY: String(runsAtATime),
          },
          { prefix: 'EXECUTOR' },
        ),
        async work(job) {
          began(job)
          return {
            outcome: 'completed',
            statusMessage: 'Completed',
            trace: '',
            warnings: [],
            packageChanges: [],
          }
        },
      }),
    async drained() {
      for (;;) {
        const { rows } = await sql.query(`SELECT 1 FROM job WHERE status = 'scheduled' LIMIT 1`)
        if (rows.length === 0) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async close() {
      await scheduler.stop()
      await hub.close()
      await sql.end()
      await rm(logDir, { recursive: true, force: true })
    },
  }
}

function jobInput(n: number, due: Date): JobInput {
  return {
    hostId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    hostname: `router-${n}`,
    action: 'Commit',
    scheduledTime: due.toISOString(),
    serverDirectory: '',
    softwarePackages: [],
    commandProfiles: [],
  }
}
