// The composition root of the one-process shape: the only place that knows all services. They meet on an
// in-process bus and are started in the order in which they need each other.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Static, TObject } from '@sinclair/typebox'
import { authService } from '@slipway/auth'
import { createInProcessBus } from '@slipway/bus'
import { catalogService } from '@slipway/catalog'
import type { Context } from '@slipway/contracts'
import { asUnavailable } from '@slipway/database'
import { distributionService } from '@slipway/distribution'
import { executorService } from '@slipway/executor'
import { gatewayService } from '@slipway/gateway'
import { inventoryService } from '@slipway/inventory'
import { schedulerService } from '@slipway/scheduler'
import { loadOrCreateMasterKey } from '@slipway/secrets'
import {
  busMetrics,
  createMetrics,
  createReleasers,
  type Environment,
  type Logger,
  loadConfig,
  publicUrlOf,
  type RunningService,
  type ServiceDefinition,
  type ServiceDeps,
  startMetricsServer,
  systemClock,
} from '@slipway/service-kit'
import { openDatabases } from './databases.ts'
import type { StandaloneSettings } from './settings.ts'

/** Services with a database, in the order of their start. */
export const domainServices: readonly Pick<
  ServiceDefinition,
  'name' | 'configSchema' | 'databaseFolder' | 'sealedTables'
>[] = [authService, inventoryService, catalogService, schedulerService, distributionService, executorService]

export interface Standalone {
  url: string
  /** Where the databases are, in words. */
  database: string
  stop(): Promise<void>
}

interface StandaloneOptions {
  settings: StandaloneSettings
  env: Environment
  log: Logger
  onProgress(text: string): void
  /** Told at the very first start, at once, as it is told only once: the admin and the password made for it. */
  onInitialAdmin(admin: { username: string; password: string }): void
  /** Aborted when a stop is asked for during the start. */
  signal: AbortSignal
}

/** Starts everything. If it fails on the way, what was started is stopped again. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { log } = options
  const releasers = createReleasers({
    deadlineMs: 30_000,
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

async function compose(
  { settings, env, log, onProgress, onInitialAdmin, signal }: StandaloneOptions,
  releasers: ReturnType<typeof createReleasers>,
): Promise<Omit<Standalone, 'stop'>> {
  await mkdir(settings.dataDir, { recursive: true })
  const given = {
    ...env,
    SLIPWAY_MASTER_KEY: settings.masterKey ?? (await loadOrCreateMasterKey(settings.dataDir)),
    // The lock on the data directory says that no other process works on these databases.
    EXECUTOR_SOLE: 'true',
    SLIPWAY_LOG_DIR: settings.logDir ?? join(settings.dataDir, 'logs'),
    CATALOG_FEED_DIR: env['CATALOG_FEED_DIR'] || join(settings.dataDir, 'catalog'),
    SLIPWAY_DATA_DIR: settings.dataDir,
  }
  // Executors must know it, too: a server repository that leads there is this Slipway's own store.
  const publicUrl = publicUrlOf(loadConfig(gatewayService.configSchema, given, { prefix: 'GATEWAY' }))
  const serviceEnv = { ...given, SLIPWAY_PUBLIC_URL: publicUrl }
  // All settings before anything is started: a wrong one is told at once.
  for (const { name, configSchema } of [...domainServices, gatewayService]) {
    loadConfig(configSchema, serviceEnv, { prefix: name.toUpperCase() })
  }
  const databases = await openDatabases({
    services: domainServices,
    env,
    dataDir: settings.dataDir,
    log,
    onProgress,
  })
  releasers.push('databases', () => databases.stop())
  signal.throwIfAborted()

  const metrics = createMetrics()
  const scraped = await startMetricsServer({ ...settings, log, metrics })
  if (scraped !== undefined) releasers.push('metrics', () => scraped.close())
  const hub = createInProcessBus({ log, observer: busMetrics(metrics), knownError: asUnavailable })
  releasers.push('bus', () => hub.close())
  const deps = async <S extends TObject>(service: {
    name: Context
    configSchema: S
  }): Promise<ServiceDeps<Static<S>>> => {
    const database = databases.connections.get(service.name)
    return {
      bus: await hub.connect(service.name),
      ...(database ? { database } : {}),
      log: log.child({ service: service.name }),
      clock: systemClock,
      metrics,
      config: loadConfig(service.configSchema, serviceEnv, { prefix: service.name.toUpperCase() }),
    }
  }
  const keep = <R extends RunningService>(name: string, running: R): R => {
    releasers.push(name, () => running.stop())
    return running
  }

  const auth = keep('auth', await authService.create(await deps(authService)))
  if (auth.initialAdmin !== undefined) onInitialAdmin(auth.initialAdmin)
  const inventory = keep('inventory', await inventoryService.create(await deps(inventoryService)))
  const catalog = keep('catalog', await catalogService.create(await deps(catalogService)))
  const scheduler = keep('scheduler', await schedulerService.create(await deps(schedulerService)))
  const distribution = keep('distribution', await distributionService.create(await deps(distributionService)))
  const executor = keep('executor', await executorService.create(await deps(executorService)))
  signal.throwIfAborted()
  const gateway = keep(
    'gateway',
    await gatewayService.create({
      ...(await deps(gatewayService)),
      byteRoutes: {
        sessionLogs: executor.routes,
        publishing: distribution.publishing,
        downloads: () => distribution.downloads,
      },
      health: {
        name: 'standalone',
        live: () => true,
        ready: readiness({ auth, inventory, catalog, scheduler, distribution, executor }),
        metrics,
      },
    }),
  )
  return { url: gateway.address, database: databases.description }
}

/** Each service's own word on whether it can work. */
function readiness(
  services: Record<string, RunningService>,
): Record<string, () => boolean | Promise<boolean>> {
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, () => service.ready()]))
}
