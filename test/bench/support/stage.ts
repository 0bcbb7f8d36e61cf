// What a benchmark of the API stands on: one durable PostgreSQL, Slipway as a user starts it with its databases
// there, and a bare Fastify + pg server beside it on the same PostgreSQL.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@slipway/database'
import pg from 'pg'
import { startNode } from '../../harness/child.ts'
import { makeDataDir } from '../../harness/data-dir.ts'
import { freePort, type Slipway, startSlipway } from '../../harness/slipway.ts'

const services = ['auth', 'inventory', 'catalog', 'scheduler', 'executor'] as const
type Service = (typeof services)[number]

/** Who is asked, and with what credentials. */
export interface Target {
  name: string
  url: string
  authorization: string
}

export interface Stage {
  slipway: Slipway
  product: Target
  bare: Target
  /** The databases, for seeding and for looking at them. */
  sql: Record<Service, pg.Pool>
  /** A metric of Slipway's process; counters as they stand, the event loop's since the last look. */
  metrics(): Promise<ProcessMetrics>
  /** Longest times in which the event loop did nothing else since the last look, where the stage was opened with a probe. */
  blocked(): Blocked
  /** CPU that all processes of PostgreSQL have used, also those that have ended. */
  postgresCpuSeconds(): number
  close(): Promise<void>
}

export interface Blocked {
  /** Longest time, but what the process spent waiting for a core of a machine that others use too. */
  ownMs: number
  /** Longest time by the clock. */
  clockMs: number
}

export interface ProcessMetrics {
  /** Longest time in which the event loop did nothing else, since the last look. */
  blockedMs: number
  residentMb: number
  cpuSeconds: number
}

/** Starts all of it. @param env settings of Slipway beside the usual ones */
export async function openStage(env: Record<string, string> = {}): Promise<Stage> {
  const dataDir = await makeDataDir()
  const probeFile = join(dataDir.path, 'event-loop.txt')
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir.path, 'bench-postgres') })
  for (const service of services) await postgres.ensureDatabase(`slipway_${service}`)
  const url = (service: Service) => postgres.url(`slipway_${service}`)
  const metricsPort = await freePort()
  const slipway = await startSlipway(dataDir.path, {
    shape: 'standalone',
    env: {
      METRICS_PORT: String(metricsPort),
      SLIPWAY_BENCH_PROBE: probeFile,
      ...Object.fromEntries(
        services.map((service) => [`${service.toUpperCase()}_DATABASE_URL`, url(service)]),
      ),
      ...env,
    },
  })
  const bareChild = startNode([
    '--import=tsx',
    '--conditions=slipway-source',
    'test/bench/support/bare-server.ts',
    url('inventory'),
    url('scheduler'),
    url('catalog'),
  ])
  const [bareUrl = '', bareToken = ''] = (await bareChild.line((line) => line.startsWith('http'))).split(' ')
  const sql = Object.fromEntries(
    services.map((service) => [service, pool(postgres, service)]),
  ) as Stage['sql']
  return {
    slipway,
    product: { name: 'Slipway', url: slipway.url, authorization: `Bearer ${await tokenOf(slipway)}` },
    bare: { name: 'bare Fastify + pg', url: bareUrl, authorization: `Bearer ${bareToken}` },
    sql,
    blocked: blockedReader(probeFile),
    metrics: () => readMetrics(`http://127.0.0.1:${metricsPort}/metrics`),
    postgresCpuSeconds: () => familyCpuSeconds(postgres.pid),
    async close() {
      await Promise.all(Object.values(sql).map((open) => open.end()))
      await bareChild.stop()
      await slipway.child.stop()
      await postgres.stop()
      await dataDir.remove()
    },
  }
}

/** Settings of Slipway with which `blocked` tells something: the probe wakes the process a hundred times a second. */
export const withProbe = {
  NODE_OPTIONS: `--import=${new URL('event-loop-probe.mjs', import.meta.url).href}`,
}

/** Reads what the probe wrote since the last look. */
function blockedReader(file: string): () => Blocked {
  let seen = 0
  return () => {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    const times = lines.slice(seen).map((line) => line.split(' ').map(Number))
    seen = lines.length
    const longest = (ofTime: (clock: number, waited: number) => number) =>
      Math.round(Math.max(0, ...times.map(([clock = 0, waited = 0]) => ofTime(clock, waited))))
    return { ownMs: longest((clock, waited) => clock - waited), clockMs: longest((clock) => clock) }
  }
}

function pool(postgres: EmbeddedPostgres, service: Service): pg.Pool {
  return new pg.Pool({ ...postgres.connection(`slipway_${service}`), max: 2 })
}

/** An access token of the administrator. */
export async function tokenOf({ url, password }: Slipway): Promise<string> {
  const response = await fetch(`${url}/api/v1/token`, { headers: { authorization: basic('root', password) } })
  return ((await response.json()) as { token: string }).token
}

/** The value of an Authorization header. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** The sampling interval of the event loop's delay is part of every sample (packages/service-kit, metrics.ts). */
const SAMPLING_MS = 50

/** What a process says of itself at its /metrics. */
export async function readMetrics(url: string): Promise<ProcessMetrics> {
  const text = await (await fetch(url)).text()
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN)
  return {
    blockedMs: Math.max(0, Math.round(value('nodejs_eventloop_lag_max_seconds') * 1_000 - SAMPLING_MS)),
    residentMb: Math.round(value('process_resident_memory_bytes') / 1_048_576),
    cpuSeconds: value('process_cpu_seconds_total'),
  }
}

/** Ticks of the clock by which /proc counts. */
const TICKS_A_SECOND = 100

/** CPU of a process, its children, and those of its children that have ended. */
export function familyCpuSeconds(parent: number): number {
  const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  const ticks = all.map((pid) => {
    const [, ppid, user = 0, system = 0, endedUser = 0, endedSystem = 0] = readStat(pid)
    if (Number(pid) === parent) return user + system + endedUser + endedSystem
    return ppid === parent ? user + system : 0
  })
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_A_SECOND
}

/** pid, parent, and CPU in ticks: own in user and system mode, then that of children that have ended. */
function readStat(pid: string): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before may hold anything, also blanks and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return [Number(pid), ...[1, 11, 12, 13, 14].map((index) => Number(fields[index]))]
  } catch {
    return []
  }
}
