// Wiring: the only file that sees everything.
import { fileURLToPath } from 'node:url'
import { catalogEvents } from '@slipway/contracts'
import {
  createRegistry,
  createReleasers,
  type DatabaseConnection,
  type RunningService,
  type ServiceDefinition,
  type ServiceDeps,
} from '@slipway/service-kit'
import { type CatalogMetrics, createCatalogMetrics } from './catalog-metrics.ts'
import { type CatalogConfig, catalogConfig } from './config.ts'
import { type Database, openDatabase } from './database.ts'
import { resolveSource } from './feed/feed-source.ts'
import { startDaily } from './imports/daily.ts'
import { serveImports } from './imports/import-handlers.ts'
import { takeImportLock } from './imports/import-lock.ts'
import { createImportService } from './imports/import-service.ts'
import { createImportStore, type ImportStore } from './imports/import-store.ts'
import { createReleaseStore } from './imports/release-store.ts'
import { createCatalogCache } from './software/catalog-cache.ts'
import { createReleaseList } from './software/release-list.ts'
import { serveSoftware } from './software/software-handlers.ts'
import { createSoftwareService } from './software/software-service.ts'
import { createSoftwareStore } from './software/software-store.ts'

type Deps = ServiceDeps<CatalogConfig>
type Releasers = ReturnType<typeof createReleasers>

/** The catalog: platforms, releases, their software, imports of the feed. */
export const catalogService: ServiceDefinition<typeof catalogConfig> = {
  name: 'catalog',
  configSchema: catalogConfig,
  databaseFolder: fileURLToPath(new URL('..', import.meta.url)),
  create,
}

async function create(deps: Deps): Promise<RunningService> {
  const { database, log, bus, metrics: registry = createRegistry() } = deps
  if (database === undefined) throw new Error('The catalog needs a database.')
  const releasers = createReleasers({
    onFailure: ({ name, error }) => log.warn({ err: error, name }, 'could not be released'),
  })
  const stop = async () => void (await releasers.release())
  try {
    const db = openDatabase(database, log)
    releasers.push('database', () => db.$disconnect())
    const importStore = createImportStore(db)
    const metrics = createCatalogMetrics(registry, importStore.lastCompleted)
    const imports = startImports(deps, { db, database, store: importStore, metrics }, releasers)
    const store = createSoftwareStore(db)
    const cache = createCatalogCache(store, {
      maxEntries: deps.config.cachedEntries,
      asked: metrics.releaseAsked,
    })
    const releases = createReleaseList(store, () => deps.clock.monotonicMs())
    const software = createSoftwareService({ releases, cache })
    const forget = (platform: string, release: string) => {
      releases.forget()
      cache.forget(platform, release)
    }
    const registrations = [...serveSoftware(bus, software, forget), ...serveImports(bus, imports)]
    releasers.push('registrations', () => Promise.all(registrations.map(({ drain }) => drain())))
    return { ready: () => isReady(deps, db), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface ImportParts {
  db: Database
  database: DatabaseConnection
  store: ImportStore
  metrics: CatalogMetrics
}

function startImports(deps: Deps, { db, database, store, metrics }: ImportParts, releasers: Releasers) {
  const { bus, clock, config, log } = deps
  const now = () => clock.now()
  const { feedDir, feedSource, idleTimeout, fileTimeout } = config
  const limits = { feedDir, idleTimeoutMs: idleTimeout, fileTimeoutMs: fileTimeout }
  const service = createImportService({
    imports: store,
    releases: createReleaseStore(db),
    takeLock: () => takeImportLock(database),
    resolve: (source, signal) => resolveSource(source, { ...limits, signal }),
    defaultSource: feedSource,
    now,
    imported: ({ platform, release }, { releaseId, version }) =>
      bus.publish(catalogEvents.releaseImported, { platform, release, version: `${releaseId}.${version}` }),
    metrics,
    log,
  })
  releasers.push('imports', () => service.stop())
  const daily = {
    service,
    imports: store,
    resolve: (source: string) => resolveSource(source, limits),
    source: feedSource,
    intervalMs: config.importInterval,
    now,
  }
  releasers.push(
    'daily import',
    startDaily(daily, (error) => log.warn({ err: error }, 'the daily import could not be looked at')),
  )
  return service
}

async function isReady({ bus }: Deps, db: Database): Promise<boolean> {
  if (!bus.connected) return false
  try {
    await db.$queryRaw`SELECT 1`
    return true
  } catch {
    return false
  }
}
