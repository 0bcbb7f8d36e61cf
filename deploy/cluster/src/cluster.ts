// The cluster shape on one machine: what is started in which order, and stopped in the reverse one: gateways, executors,
// the other services as topology.ts lists them, NATS, PostgreSQL, so that each finds those it needs until its end.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lockDirectory } from '@slipway/database'
import { loadOrCreateMasterKey } from '@slipway/secrets'
import {
  createReleasers,
  type Environment,
  type Logger,
  publicUrlOf,
  type SupervisorNews,
} from '@slipway/service-kit'
import { openDatabases } from './databases.ts'
import { createLeftovers } from './leftovers.ts'
import { createNatsUsers, natsConfig, natsUrl } from './nats-config.ts'
import { findNatsServer, launchNats, natsAdvice, writeNatsConfig } from './nats-server.ts'
import { findFreePorts } from './ports.ts'
import { type EnvironmentParts, type ServicePlan, serviceEnvironment } from './service-env.ts'
import { launchGateway, launchService } from './service-process.ts'
import type { loadClusterSettings } from './settings.ts'
import { type Places, type Supervised, type SuperviseOptions, supervise } from './supervise.ts'
import { planProcesses, type ServiceName, serviceNames } from './topology.ts'

/** Gateways drain, executors hand over runs (20 s by default), both within the grace of the process itself. */
const STOP_GRACE_MS = 60_000
const RELEASE_MS = 70_000

/** A process and where it is. */
export interface Member {
  name: string
  pid: number | undefined
  places: Places
}

export interface Cluster {
  members: readonly Member[]
  database: string
  stop(): Promise<void>
}

export interface ClusterOptions {
  settings: ReturnType<typeof loadClusterSettings>
  env: Environment
  log: Logger
  /** What a person should see while it starts and runs. */
  onProgress(text: string): void
  /** Aborted when a stop is asked for during the start. */
  signal: AbortSignal
}

/** Starts everything. If it fails on the way, what was started is stopped again. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { log } = options
  const releasers = createReleasers({
    deadlineMs: RELEASE_MS,
    onFailure: ({ name, error }) => log.error({ err: error, name }, 'could not be released'),
  })
  const stop = async () => void (await releasers.release())
  try {
    return { ...(await compose(options, releasers)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Releasers = ReturnType<typeof createReleasers>

async function compose(options: ClusterOptions, releasers: Releasers): Promise<Omit<Cluster, 'stop'>> {
  const { settings, env, log, onProgress, signal } = options
  const binary = settings.natsUrl === undefined ? findNatsServer(env['PATH'] ?? '') : undefined
  if (settings.natsUrl === undefined && binary === undefined) throw new Error(natsAdvice)

  await mkdir(settings.dataDir, { recursive: true })
  const lock = await lockDirectory(settings.dataDir)
  releasers.push('lock', () => lock.release())
  const leftovers = createLeftovers(settings.dataDir)
  await leftovers.settle((names) => onProgress(`waiting for what a killed run left: ${names.join(', ')}`))
  signal.throwIfAborted()

  const plans = planProcesses()
  const [natsPort = 0, databasePort = 0, ...ports] = await findFreePorts(settings.port + 1, plans.length + 2)
  const planned = plans.map((plan, index) => ({ ...plan, port: ports[index] ?? 0 }))
  const databases = await openDatabases({
    env,
    dataDir: settings.dataDir,
    port: databasePort,
    log,
    onProgress,
  })
  releasers.push('PostgreSQL', () => databases.stop())
  signal.throwIfAborted()

  const start = createStarter({ options, releasers, leftovers })
  const users = createNatsUsers(serviceNames)
  const members: Member[] = []
  if (binary !== undefined) {
    const file = await writeNatsConfig(settings.dataDir, natsConfig(natsPort, users))
    members.push(await start('nats', 'NATS', () => launchNats(binary, file, natsPort, log)))
  }

  const parts: EnvironmentParts = {
    env,
    masterKey: settings.masterKey ?? (await loadOrCreateMasterKey(settings.dataDir)),
    logDir: settings.logDir,
    feedDir: env['CATALOG_FEED_DIR'] || join(settings.dataDir, 'catalog'),
    logLevel: settings.logLevel,
    natsUrl: (service) => settings.natsUrl ?? urlOf(service, natsPort, users),
    databaseUrl: databases.url,
    urlsOf: (service) =>
      planned.filter((each) => each.service === service).map(({ port }) => `http://127.0.0.1:${port}`),
    dataDir: settings.dataDir,
    host: settings.host,
    port: settings.port,
    publicUrl: publicUrlOf(settings),
  }
  function onNews(news: SupervisorNews): void {
    // At once: a start that fails later must not lose what is told only once.
    if (news.kind === 'initial-admin') {
      onProgress(`password    ${news.password}   (generated; shown only this once)`)
    }
  }
  function startService(plan: ServicePlan, extra: Environment = {}): Promise<Member> {
    const base = serviceEnvironment(plan, parts)
    return start(plan.name, plan.service, (count) => {
      // What holds at the first start only must not be said to a process that takes the place of a dead one.
      const its = count === 1 ? { ...base, ...extra } : base
      if (plan.service === 'gateway') return launchGateway({ env: its, inherited: env, onNews })
      return launchService({ service: plan.service, env: its, onNews })
    })
  }

  const startAll = (these: readonly ServicePlan[]) => Promise.all(these.map((plan) => startService(plan)))
  const of = (name: ServiceName) => planned.filter(({ service }) => service === name)
  const last: readonly ServiceName[] = ['executor', 'gateway']
  members.push(...(await startAll(planned.filter(({ service }) => !last.includes(service)))))
  signal.throwIfAborted()
  // Nobody else works on the database and all earlier processes have ended: the first executor may take over at once
  // what a killed run held, instead of waiting for the ends of its leases.
  async function startExecutors(): Promise<Member[]> {
    const [first, ...others] = of('executor')
    if (first === undefined) return []
    const sole = await startService(first, databases.exclusive ? { EXECUTOR_SOLE: 'true' } : {})
    return [sole, ...(await startAll(others))]
  }
  members.push(...(await Promise.all([startExecutors(), startAll(of('gateway'))])).flat())
  return { members, database: databases.description }
}

function urlOf(service: ServiceName, port: number, users: ReturnType<typeof createNatsUsers>): string {
  const user = users.find((each) => each.service === service)
  if (user === undefined) throw new Error(`no NATS user for ${service}`)
  return natsUrl(port, user)
}

interface StarterDeps {
  options: ClusterOptions
  releasers: Releasers
  leftovers: ReturnType<typeof createLeftovers>
}

/** Starts processes under supervision. Those of a kind are stopped together, kinds in the reverse order. */
function createStarter({ options, releasers, leftovers }: StarterDeps) {
  const kinds = new Map<string, Supervised[]>()
  const killAll = () => {
    for (const each of [...kinds.values()].flat()) each.kill()
  }
  // A second Ctrl-C ends us at once: nothing may stay behind.
  process.once('exit', killAll)
  releasers.push('exit', () => process.off('exit', killAll))

  function add(kind: string, supervised: Supervised): void {
    const known = kinds.get(kind)
    if (known !== undefined) return void known.push(supervised)
    const members = [supervised]
    kinds.set(kind, members)
    releasers.push(kind, () => Promise.all(members.map((member) => member.stop())))
  }
  return async (name: string, kind: string, launch: SuperviseOptions['launch']): Promise<Member> => {
    const supervised = supervise({
      name,
      launch,
      stopGraceMs: STOP_GRACE_MS,
      report: options.onProgress,
      onSpawn: (pid) => leftovers.remember(name, pid),
    })
    add(kind, supervised)
    try {
      const places = await supervised.start()
      return { name, pid: supervised.pid, places }
    } catch (error) {
      throw new Error(`${name} could not start: ${error instanceof Error ? error.message : error}`)
    }
  }
}
