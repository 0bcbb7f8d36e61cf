// Use cases of hosts: bulk change, list, refresh.
import { randomUUID } from 'node:crypto'
import {
  createError,
  type HostInput,
  type HostPackage,
  type InventoryItem,
  type RowResult,
} from '@slipway/contracts'
import { distinct, planPortions } from '../row-plan.ts'
import type { SealFor } from '../sealing.ts'
import { decideHost } from './host.ts'
import type { HostChangeStore, HostNames } from './host-change-store.ts'
import type { HostListStore } from './host-list-store.ts'
import type { HostChange } from './host-news.ts'
import type { HostStore } from './host-store.ts'

/** Rows of a page of GET /hosts. Source: the REST contract, section 3. */
export const hostPageSize = 1_000

export interface HostQuery {
  readonly hostname?: string | undefined
  readonly region?: string | undefined
  readonly family?: string | undefined
  readonly page: number
}

export interface HostPageText {
  /** JSON of a list of HostRow. */
  readonly rows: string
  readonly page: number
  readonly totalPages: number
}

export interface HostServiceDeps {
  readonly store: Pick<HostStore, 'requestDiscovery'>
  readonly changes: HostChangeStore
  readonly list: HostListStore
  readonly seal: SealFor<'password' | 'enable_password'>
  /** Hears of every change after its commit. */
  readonly changed: (changes: HostChange[]) => void
  /** Deliveries wait in the outbox. */
  readonly kick: () => void
}

/** Whose request changes hosts. */
export interface ChangedBy {
  readonly createdBy: string
  /** Follows the discovery that the change asks for. */
  readonly requestId: string
}

export interface HostService {
  upsert(rows: readonly HostInput[], by: ChangedBy): Promise<RowResult[]>
  /** Errors: INVENTORY_REGION_NOT_FOUND, INVENTORY_HOST_NOT_FOUND, INPUT_PAGE_UNKNOWN. */
  list(query: HostQuery): Promise<HostPageText>
  /** Error: INVENTORY_HOST_NOT_FOUND. */
  refresh(hostname: string, requestId: string): Promise<void>
  /** Error: INVENTORY_HOST_NOT_FOUND. */
  listPackages(hostname: string): Promise<HostPackage[]>
  /** Error: INVENTORY_HOST_NOT_FOUND. */
  listInventory(hostname: string): Promise<InventoryItem[]>
}

export function createHostService(deps: HostServiceDeps): HostService {
  const { store, list } = deps
  return {
    upsert: (rows, by) => upsert(deps, rows, by),
    list: (query) => listHosts(list, query),
    async refresh(hostname, requestId) {
      const host = await store.requestDiscovery(hostname, requestId)
      if (host === undefined) throw createError('INVENTORY_HOST_NOT_FOUND', [hostname])
      deps.kick()
      deps.changed([{ hostId: host.id, version: host.version }])
    },
    listPackages: async (hostname) => list.listPackages(await hostId(list, hostname)),
    listInventory: async (hostname) => list.listInventory(await hostId(list, hostname)),
  }
}

/** Changes beyond which telling others of them waits: it takes the event loop for as long as the request did. */
const answeredFirst = 500
/** Enough for the answer to be on its way; what is told goes by the outbox and is not lost whatever happens meanwhile. */
const untilAnsweredMs = 150

async function upsert(
  deps: HostServiceDeps,
  rows: readonly HostInput[],
  { createdBy, requestId }: ChangedBy,
): Promise<RowResult[]> {
  const names = namesIn(rows)
  const { results, changes } = await deps.changes.change(async (tx) => {
    const around = await tx.lookUp(names)
    const decisionDeps = { around, seal: deps.seal, newId: randomUUID, createdBy }
    const rules = {
      nameOf: (row: HostInput) => row.hostname,
      duplicate: (name: string) => createError('INVENTORY_HOST_DUPLICATE', [name]),
      decide: (row: HostInput) => decideHost(row, decisionDeps),
    }
    const plan = planPortions(rows, rules, true)
    const changes = await tx.save(plan.portions, requestId)
    return { results: plan.results, changes }
  })
  if (changes.length > 0) deps.changed(changes)
  if (changes.length <= answeredFirst) deps.kick()
  else setTimeout(deps.kick, untilAnsweredMs).unref()
  return results
}

function namesIn(rows: readonly HostInput[]): HostNames {
  return {
    hostnames: distinct(rows.map((row) => row.hostname)),
    regions: distinct(rows.map((row) => row.region)),
    jumpHosts: distinct(rows.map((row) => row.jumpHost)),
  }
}

async function listHosts(
  list: HostListStore,
  { hostname, region, family, page }: HostQuery,
): Promise<HostPageText> {
  const regionId = region === undefined ? undefined : await list.findRegionId(region)
  if (region !== undefined && regionId === undefined)
    throw createError('INVENTORY_REGION_NOT_FOUND', [region])
  if (hostname !== undefined) await hostId(list, hostname)
  // Families come as they are given, unlike names; U+0000 is not a text for PostgreSQL.
  if (family?.includes('\0')) return { rows: '[]', page: 1, totalPages: 1 }
  const filter = {
    ...(hostname === undefined ? {} : { hostname }),
    ...(regionId === undefined ? {} : { regionId }),
    ...(family === undefined ? {} : { family }),
  }
  const { rows, total } = await list.readPage(filter, page, hostPageSize)
  const totalPages = Math.max(1, Math.ceil(total / hostPageSize))
  if (page > totalPages) throw createError('INPUT_PAGE_UNKNOWN')
  return { rows, page, totalPages }
}

async function hostId(list: HostListStore, hostname: string): Promise<string> {
  const id = await list.findHostId(hostname)
  if (id === undefined) throw createError('INVENTORY_HOST_NOT_FOUND', [hostname])
  return id
}
