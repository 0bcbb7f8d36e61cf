// Wiring: the only file that sees everything.
import { fileURLToPath } from 'node:url'
import type { Bus } from '@slipway/bus'
import { inventoryEvents, schedulerDeliveries, schedulerMessages } from '@slipway/contracts'
import {
  type ConnectionPool,
  createRelay,
  type OutgoingDelivery,
  outboxStats,
  type Relay,
} from '@slipway/database'
import { createKeyring, createSealer } from '@slipway/secrets'
import {
  createRegistry,
  createReleasers,
  type Releasers,
  type RunningService,
  type ServiceDefinition,
  type ServiceDeps,
  watchDeliveries,
} from '@slipway/service-kit'
import { serveProfiles } from './command-profiles/command-profile-handlers.ts'
import { createProfileService } from './command-profiles/command-profile-service.ts'
import { createProfileStore } from './command-profiles/command-profile-store.ts'
import { type InventoryConfig, inventoryConfig } from './config.ts'
import { type Database, openDatabase, openPool } from './database.ts'
import { serveExecution } from './execution/execution-handlers.ts'
import { createExecutionService } from './execution/execution-service.ts'
import { createExecutionStore } from './execution/execution-store.ts'
import { createDiscoveryService } from './hosts/discovery-service.ts'
import { createDiscoveryStore } from './hosts/discovery-store.ts'
import { createHostChangeStore } from './hosts/host-change-store.ts'
import { createHostDeletion } from './hosts/host-deletion-service.ts'
import { type HostUseCases, serveHosts } from './hosts/host-handlers.ts'
import { createHostListStore } from './hosts/host-list-store.ts'
import type { HostChange } from './hosts/host-news.ts'
import { createHostService } from './hosts/host-service.ts'
import { createHostStore } from './hosts/host-store.ts'
import { serveJumpHosts } from './jump-hosts/jump-host-handlers.ts'
import { createJumpHostService } from './jump-hosts/jump-host-service.ts'
import { createJumpHostStore } from './jump-hosts/jump-host-store.ts'
import { serveRegions } from './regions/region-handlers.ts'
import { createRegionService } from './regions/region-service.ts'
import { createRegionStore } from './regions/region-store.ts'
import { sealedTables } from './sealed-tables.ts'
import { serveRepositories } from './server-repositories/server-repository-handlers.ts'
import { createRepositoryService } from './server-repositories/server-repository-service.ts'
import { createRepositoryStore } from './server-repositories/server-repository-store.ts'
import { startSweep } from './sweep.ts'

type Deps = ServiceDeps<InventoryConfig>

/** The database: its connections, and Prisma on them. */
interface Connected {
  readonly pool: ConnectionPool
  readonly db: Database
}

/** The inventory: regions, hosts, jump hosts, server repositories, custom command profiles, what discovery found. */
export const inventoryService: ServiceDefinition<typeof inventoryConfig> = {
  name: 'inventory',
  configSchema: inventoryConfig,
  databaseFolder: fileURLToPath(new URL('..', import.meta.url)),
  sealedTables,
  create,
}

async function create(deps: Deps): Promise<RunningService> {
  if (deps.database === undefined) throw new Error('The inventory needs a database.')
  const releasers = createReleasers({
    onFailure: ({ name, error }) => deps.log.warn({ err: error, name }, 'could not be released'),
  })
  const stop = async () => void (await releasers.release())
  try {
    const pool = openPool(deps.database, deps.log)
    releasers.push('connections', () => pool.end())
    const db = openDatabase(pool, deps.log)
    releasers.push('database', () => db.$disconnect())
    const counted = watchDeliveries(deps.metrics ?? createRegistry(), 'inventory', () => outboxStats(db))
    const sending = counted<OutgoingDelivery>((delivery) => send(deps.bus, delivery))
    const relay = createRelay({ db, log: deps.log, send: sending })
    releasers.push('relay', () => relay.stop())
    serveAll(deps, { pool, db }, relay, releasers)
    return { ready: () => isReady(deps.bus, db), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function serveAll(deps: Deps, connected: Connected, relay: Relay, releasers: Releasers): void {
  const { db } = connected
  const { bus, log, config } = deps
  const sealer = createSealer(createKeyring(config.masterKey))
  const sealFor = (table: string) => (row: string, field: string, secret: string) =>
    sealer.seal(secret, { table, row, field })
  const hosts = hostUseCases(deps, connected, relay, sealFor('host'))
  const countJobs = (reference: { serverRepository: string } | { commandProfile: string }) =>
    bus.request(schedulerMessages.countReferences, reference).then(({ count }) => count)
  const registrations = [
    ...serveHosts(bus, hosts),
    ...serveRegions(bus, createRegionService({ store: createRegionStore(db) })),
    ...serveJumpHosts(
      bus,
      createJumpHostService({ store: createJumpHostStore(db), seal: sealFor('jump_host') }),
    ),
    ...serveRepositories(
      bus,
      createRepositoryService({
        store: createRepositoryStore(db),
        seal: sealFor('server_repository'),
        countJobs: (serverRepository) => countJobs({ serverRepository }),
      }),
    ),
    ...serveProfiles(
      bus,
      createProfileService({
        store: createProfileStore(db),
        countJobs: (commandProfile) => countJobs({ commandProfile }),
      }),
    ),
    ...serveExecution(bus, createExecutionService({ store: createExecutionStore(db) })),
  ]
  const stopSweep = startSweep(hosts.deletion.sweep, config.deletionSweep, (error) =>
    log.warn({ err: error }, 'deletions of hosts could not be looked at'),
  )
  releasers.push('sweep', stopSweep)
  releasers.push('registrations', () => Promise.all(registrations.map(({ drain }) => drain())))
}

function hostUseCases(
  { bus, log }: Deps,
  { pool, db }: Connected,
  relay: Relay,
  seal: (row: string, field: string, secret: string) => string,
): HostUseCases {
  const store = createHostStore(db)
  const changed = (changes: HostChange[]) => bus.publish(inventoryEvents.hostsChanged, { hosts: changes })
  const release = async (hostId: string, requestId?: string) => {
    const options = requestId === undefined ? {} : { requestId }
    await bus.request(schedulerMessages.releaseHost, { hostId }, options)
  }
  return {
    hosts: createHostService({
      store,
      changes: createHostChangeStore(pool),
      list: createHostListStore(db),
      seal,
      changed,
      kick: relay.kick,
    }),
    deletion: createHostDeletion({ store, release, changed, log }),
    discovery: createDiscoveryService({ store: createDiscoveryStore(db), changed, log }),
  }
}

/** The outbox holds one kind of delivery. */
function send(bus: Bus, { id, subject, payload }: OutgoingDelivery): Promise<void> {
  const { recordHosts } = schedulerDeliveries
  if (subject !== recordHosts.subject) throw new Error(`No delivery is called ${subject}.`)
  return bus.deliver(recordHosts, id, payload as Parameters<typeof bus.deliver<typeof recordHosts>>[2])
}

async function isReady(bus: Bus, db: Database): Promise<boolean> {
  if (!bus.connected) return false
  try {
    await db.$queryRaw`SELECT 1`
    return true
  } catch {
    return false
  }
}
