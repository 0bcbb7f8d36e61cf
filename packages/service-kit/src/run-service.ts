// Runs one service as its own process (cluster shape): what every service's main.ts has in common. Order of start:
// HTTP for the probes, bus, database (migrated under an advisory lock, so that replicas wait for each other), the
// service. It stops in reverse. The service knows nothing of it.
import type { Static, TObject } from '@sinclair/typebox'
import { connectNatsBus } from '@slipway/bus'
import { busMetrics } from './bus-metrics.ts'
import { systemClock } from './clock.ts'
import { type Environment, loadConfig } from './config.ts'
import { type Migrate, openDatabase } from './database-at-start.ts'
import type { HealthOptions } from './health-routes.ts'
import { createLogger, type Logger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import { startMetricsServer } from './metrics-server.ts'
import { natsOptions } from './nats-options.ts'
import { startProcessServer } from './process-server.ts'
import { loadProcessSettings, type ProcessSettings } from './process-settings.ts'
import { createReleasers, type Releasers } from './releasers.ts'
import { runProcess } from './run-process.ts'
import type { RunningService, ServiceDefinition, ServiceDeps } from './service.ts'
import { serviceHelp } from './service-help.ts'
import { linkToSupervisor, type SupervisorLink, type SupervisorNews } from './supervisor-link.ts'

/** What the process gives a service beside its dependencies. */
export interface ProcessParts {
  /** For a service that serves health routes on a port of its own, too. */
  health: HealthOptions
  /** Shows a secret to a person, once; undefined if nobody would see it (a log is not the place). */
  reveal: ((news: Extract<SupervisorNews, { kind: 'initial-admin' }>) => void) | undefined
}

export interface ServiceProcess<S extends TObject>
  extends Pick<ServiceDefinition<S>, 'name' | 'configSchema' | 'databaseFolder'> {
  /** Port of its internal HTTP where <SERVICE>_PORT is not set; absent: none then. */
  defaultPort?: number
  /** Needed with a databaseFolder. */
  migrate?: Migrate
  /** What an error of a handler means to callers (`asUnavailable` of @slipway/database). */
  knownError?: (error: unknown) => unknown
  /** Proxies in front of its byte routes whose X-Forwarded-For is believed; absent: none. */
  trustedProxies?(config: Static<S>): readonly string[]
  /** Why these settings will not do, said before anything is started. @param canReveal see ProcessParts.reveal */
  objection?(config: Static<S>, canReveal: boolean): string | undefined
  create(deps: ServiceDeps<Static<S>>, parts: ProcessParts): Promise<RunningService>
}

/** A stop waits for runs that are handed over and for downloads in flight. */
const STOP_GRACE_MS = 60_000
const RELEASE_MS = 40_000

/** Runs a service to its end; exits the process: 0 after a stop, 1 after a failure, 2 if settings are wrong. */
export async function runService<S extends TObject>(service: ServiceProcess<S>): Promise<void> {
  if (process.argv.includes('--help')) {
    return void process.stdout.write(serviceHelp(service.name, service.configSchema, kindOf(service)))
  }
  const { env } = process
  const link = linkToSupervisor(process)
  const [settings, config] = readSettings(service, env, link)
  const log = makeLog(service.name, settings)
  await runProcess({
    log,
    graceMs: STOP_GRACE_MS,
    process: link.process,
    start: async (signal) => {
      const releasers = createReleasers({
        deadlineMs: RELEASE_MS,
        onFailure: ({ name, error }) => log.error({ err: error, name }, 'could not be released'),
      })
      try {
        return await start({ service, settings, config, log, link, releasers, signal })
      } catch (error) {
        if (!signal.aborted) link.tell({ kind: 'failed', message: messageOf(error) })
        await releasers.release()
        throw error
      }
    },
  })
}

interface StartContext<S extends TObject> {
  service: ServiceProcess<S>
  settings: ProcessSettings
  config: Static<S>
  log: Logger
  link: SupervisorLink
  releasers: Releasers
  signal: AbortSignal
}

async function start<S extends TObject>(context: StartContext<S>) {
  const { service, settings, config, log, link, releasers, signal } = context
  let running: RunningService | undefined
  let stopping = false
  const metrics = createMetrics()
  const isReady = async () => !stopping && running !== undefined && (await running.ready())
  const health = { name: service.name, live: () => true, ready: { [service.name]: isReady }, metrics }
  const server =
    settings.port === undefined
      ? undefined
      : await startProcessServer({
          log,
          health,
          host: settings.host,
          port: settings.port,
          trustedProxies: service.trustedProxies?.(config) ?? [],
        })
  if (server !== undefined) releasers.push('http', () => server.close())
  const scraped = await startMetricsServer({ ...settings, log, metrics })
  if (scraped !== undefined) releasers.push('metrics', () => scraped.close())
  log.info({ http: server?.address, pid: process.pid }, 'starting')

  const { knownError } = service
  const hub = connectNatsBus({
    ...natsOptions(settings),
    log,
    observer: busMetrics(metrics),
    ...(knownError === undefined ? {} : { knownError }),
  })
  releasers.push('bus', () => hub.close())
  const bus = await orAborted(hub.connect(service.name), signal)
  const database = await openDatabase({ service, url: settings.databaseUrl, log, signal })
  const deps = {
    bus,
    log,
    clock: systemClock,
    metrics,
    config,
    ...(database === undefined ? {} : { database }),
  }
  const parts = {
    reveal: revealBy(link),
    health: { name: service.name, live: () => true, ready: { bus: () => bus.connected }, metrics },
  }
  const made = await service.create(deps, parts)
  running = made
  releasers.push('service', () => made.stop())
  if (made.routes !== undefined) await server?.mount(made.routes)
  signal.throwIfAborted()
  // Ready means that requests arrive: NATS knows what we serve.
  await orAborted(hub.flush(), signal)
  const places = {
    ...(server === undefined ? {} : { http: server.address }),
    ...(made.address === undefined ? {} : { api: made.address }),
  }
  log.info(places, 'ready')
  link.tell({ kind: 'ready', ...places })
  return {
    async stop() {
      stopping = true
      await releasers.release()
      log.info('stopped')
    },
  }
}

function readSettings<S extends TObject>(
  service: ServiceProcess<S>,
  env: Environment,
  link: SupervisorLink,
): [ProcessSettings, Static<S>] {
  const { name, configSchema } = service
  try {
    const settings = loadProcessSettings(name, kindOf(service), env)
    const config = loadConfig(configSchema, env, { prefix: name.toUpperCase() })
    const objection = service.objection?.(config, revealBy(link) !== undefined)
    if (objection !== undefined) throw new Error(objection)
    return [settings, config]
  } catch (error) {
    link.tell({ kind: 'failed', message: messageOf(error) })
    process.stderr.write(`${name}: ${messageOf(error)}\n`)
    process.exit(2)
  }
}

function kindOf({
  defaultPort,
  databaseFolder,
}: Pick<ServiceProcess<TObject>, 'defaultPort' | 'databaseFolder'>) {
  return { defaultPort, hasDatabase: databaseFolder !== undefined }
}

function makeLog(service: string, settings: ProcessSettings): Logger {
  const log = createLogger({ service, level: settings.logLevel, pretty: process.stdout.isTTY })
  return settings.instance === '' ? log : log.child({ instance: settings.instance })
}

/** To the supervisor, or to the person at the terminal. */
function revealBy(link: SupervisorLink): ProcessParts['reveal'] {
  if (link.supervised) return link.tell
  if (!process.stdout.isTTY) return undefined
  return ({ username, password }) =>
    void process.stdout.write(
      `admin user ${username}, password ${password} (generated; shown only this once)\n`,
    )
}

/** What is waited for may never come: the bus waits for its server for ever. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, aborted])
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
