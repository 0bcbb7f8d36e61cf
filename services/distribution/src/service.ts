// Wiring: the only file that sees everything.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createRegistry,
  createReleasers,
  createRevocations,
  createSigningKeys,
  installIdentity,
  type Releasers,
  type RunningService,
  type ServiceDefinition,
  type ServiceDeps,
} from '@slipway/service-kit'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { createActivityLog } from './activity/activity-service.ts'
import { createActivityStore } from './activity/activity-store.ts'
import { type DistributionConfig, distributionConfig } from './config.ts'
import { type Database, openDatabase } from './database.ts'
import { serveDistribution } from './distribution-handlers.ts'
import { createBufferPool } from './downloads/buffer-pool.ts'
import { createDownloadMetrics } from './downloads/download-metrics.ts'
import { downloadRoutes } from './downloads/download-routes.ts'
import { createSmallFiles } from './downloads/small-files.ts'
import { createFileIndex } from './files/index-service.ts'
import { createIndexStore } from './files/index-store.ts'
import { createScan } from './files/scan-service.ts'
import { createStoreFolder } from './files/store-folder.ts'
import { createLinks } from './links/link-service.ts'
import { createLinkStore } from './links/link-store.ts'
import { type CallerOf, identifiedPublishRoutes, publishRoutes } from './publishing/publish-routes.ts'
import { createPublishing } from './publishing/publish-service.ts'

type Deps = ServiceDeps<DistributionConfig>

/** A running distribution service. */
export interface RunningDistribution extends RunningService {
  /** `/download`, with its own authentication and errors. */
  readonly downloads: FastifyPluginAsync
  /** Publishing, for a server that has checked the caller; relative to the prefix of the API. */
  publishing(callerOf: CallerOf): FastifyPluginAsync
  /** Both for an HTTP server of its own, which finds out by itself who asks. */
  readonly routes: FastifyPluginAsync
}

export interface DistributionService extends ServiceDefinition<typeof distributionConfig> {
  create(deps: Deps): Promise<RunningDistribution>
}

/** Files for agents and routers: the store, what is in it, who may fetch it. */
export const distributionService: DistributionService = {
  name: 'distribution',
  configSchema: distributionConfig,
  databaseFolder: fileURLToPath(new URL('..', import.meta.url)),
  create,
}

const HOUSEKEEPING_MS = 600_000
const API_PREFIX = '/api/v1'

async function create(deps: Deps): Promise<RunningDistribution> {
  if (deps.database === undefined) throw new Error('The distribution service needs a database.')
  const releasers = createReleasers({
    onFailure: ({ name, error }) => deps.log.warn({ err: error, name }, 'could not be released'),
  })
  try {
    const db = openDatabase(deps.database, deps.log)
    releasers.push('database', () => db.$disconnect())
    return await start(deps, db, releasers)
  } catch (error) {
    await releasers.release()
    throw error
  }
}

async function start(deps: Deps, db: Database, releasers: Releasers): Promise<RunningDistribution> {
  const { bus, clock, config, log, metrics = createRegistry() } = deps
  const limits = { softwareBytes: config.softwareLimit }
  const folder = createStoreFolder(resolve(config.dataDir, 'download'))
  releasers.push('store', () => folder.close())
  const indexStore = createIndexStore(db)
  const linkStore = createLinkStore(db)
  const links = createLinks(linkStore)
  const activity = createActivityLog({
    store: createActivityStore(db),
    clock,
    log,
    keep: config.history,
  })
  releasers.push('activity', () => activity.stop())
  const index = createFileIndex({
    folder,
    store: indexStore,
    clock,
    log,
    limits,
    settleMs: config.settle,
    hint: () => scan.hint(),
    noticed: ({ name, sha256, size }) => activity.add({ kind: 'found', name, sha256, bytes: size }),
  })
  const scan = createScan({
    folder,
    index,
    log,
    intervalMs: config.scanInterval,
    settleMs: config.settle,
    gone: ({ name, sha256 }) => activity.add({ kind: 'gone', name, sha256 }),
  })
  const publishing = createPublishing({
    folder,
    index,
    activity,
    clock,
    limits,
    stallMs: config.stallTimeout,
  })

  await folder.prepare()
  await index.load()
  await keepHouse()
  const housekeeping = setInterval(keepHouse, HOUSEKEEPING_MS).unref()
  releasers.push('housekeeping', () => clearInterval(housekeeping))
  async function keepHouse(): Promise<void> {
    try {
      await publishing.sweep()
      await linkStore.removeExpired()
    } catch (err) {
      log.warn({ err }, 'leftovers could not be removed')
    }
  }

  const identity = await followLogins(deps, releasers)
  releasers.push('scan', () => scan.stop())
  void scan.now()
  const registrations = serveDistribution(bus, { index, links, publishing, activity }, () =>
    indexStore.list(),
  )
  releasers.push('bus', () => Promise.all(registrations.map((registration) => registration.drain())))

  const pool = createBufferPool(config.transferMemory)
  const downloads = downloadRoutes({
    identity,
    index,
    links,
    activity,
    pool,
    small: createSmallFiles(),
    stallMs: config.stallTimeout,
    metrics: createDownloadMetrics(metrics, pool),
  })
  return {
    downloads,
    publishing: (callerOf) => publishRoutes(publishing, callerOf),
    routes: async (app) => {
      await app.register(downloads)
      await app.register(identifiedPublishRoutes(publishing, identity), { prefix: API_PREFIX })
    },
    ready: async () => bus.connected && (await answers(db)),
    stop: async () => void (await releasers.release()),
  }
}

/** Public keys and revocations, as the gateway follows them: tokens are verified here. */
async function followLogins({ bus, clock, config, log }: Deps, releasers: Releasers) {
  const timeoutMs = config.authTimeout
  const revocations = await createRevocations({ bus, clock, log })
  releasers.push('revocations', () => revocations.stop())
  const keys = createSigningKeys({ bus, clock, timeoutMs })
  releasers.push('signing keys', () => keys.stop())
  return (app: FastifyInstance) => installIdentity(app, { bus, keys, revocations, timeoutMs })
}

async function answers(db: Database): Promise<boolean> {
  try {
    await db.$queryRaw`SELECT 1`
    return true
  } catch {
    return false
  }
}
