// What discovery found. Facts, packages and parts each carry when they were seen: an older look never replaces a
// newer one, and one that lacks a part leaves it.
import type { Discovery, HostFacts, HostPackage, InventoryItem } from '@slipway/contracts'
import { type Database, inTransaction, type Transaction } from '../database.ts'
import { insertRows, updateRows } from '../recordset.ts'

export interface DiscoveryStore {
  /** Stores what is newer than what stands there. @returns the host's new version, undefined if nothing changed */
  record(hostId: string, observedAt: Date, discovery: Discovery): Promise<number | undefined>
}

interface Observed {
  facts_observed_at: Date | null
  packages_observed_at: Date | null
  inventory_observed_at: Date | null
}

export function createDiscoveryStore(db: Database): DiscoveryStore {
  return {
    record: (hostId, observedAt, discovery) =>
      inTransaction(db, (tx) => record(tx, hostId, observedAt, discovery)),
  }
}

async function record(
  tx: Transaction,
  hostId: string,
  observedAt: Date,
  { facts, packages = [], inventory = [] }: Discovery,
): Promise<number | undefined> {
  const [seen] = await tx.$queryRaw<Observed[]>`
    SELECT facts_observed_at, packages_observed_at, inventory_observed_at
      FROM host WHERE id = ${hostId}::uuid AND NOT deleting FOR UPDATE`
  if (seen === undefined) return undefined
  const isNews = (before: Date | null) => before === null || before < observedAt
  const news = {
    facts: facts !== undefined && isNews(seen.facts_observed_at),
    // A router that is short of breath answers with nothing; that is not a router without software or parts.
    packages: packages.length > 0 && isNews(seen.packages_observed_at),
    inventory: inventory.length > 0 && isNews(seen.inventory_observed_at),
  }
  if (news.facts && facts !== undefined) await writeFacts(tx, hostId, facts)
  if (news.packages) await replacePackages(tx, hostId, packages)
  if (news.inventory) await replaceInventory(tx, hostId, inventory)
  if (!news.facts && !news.packages && !news.inventory) return undefined
  return stamp(tx, hostId, observedAt, news)
}

async function stamp(
  tx: Transaction,
  hostId: string,
  observedAt: Date,
  news: { facts: boolean; packages: boolean; inventory: boolean },
): Promise<number | undefined> {
  const [row] = await tx.$queryRaw<{ version: number }[]>`
    UPDATE host SET version = version + 1,
           facts_observed_at = CASE WHEN ${news.facts} THEN ${observedAt} ELSE facts_observed_at END,
           packages_observed_at = CASE WHEN ${news.packages} THEN ${observedAt} ELSE packages_observed_at END,
           inventory_observed_at = CASE WHEN ${news.inventory} THEN ${observedAt} ELSE inventory_observed_at END
     WHERE id = ${hostId}::uuid RETURNING version`
  return row?.version
}

const factColumns = {
  id: 'uuid',
  family: 'text',
  chassis: 'text',
  software_platform: 'text',
  software_version: 'text',
  os_type: 'text',
} as const

async function writeFacts(tx: Transaction, hostId: string, facts: HostFacts): Promise<void> {
  const row = {
    id: hostId,
    family: facts.family,
    chassis: facts.chassis,
    software_platform: facts.softwarePlatform,
    software_version: facts.softwareVersion,
    os_type: facts.osType,
  }
  await updateRows(tx, 'host', factColumns, [row])
}

const packageColumns = {
  host_id: 'uuid',
  position: 'int',
  name: 'text',
  state: 'text',
  location: 'text',
  modules: 'jsonb',
} as const

async function replacePackages(
  tx: Transaction,
  hostId: string,
  packages: readonly HostPackage[],
): Promise<void> {
  await tx.$executeRaw`DELETE FROM host_package WHERE host_id = ${hostId}::uuid`
  const rows = packages.map(({ name, state, location, modules }, position) => ({
    host_id: hostId,
    position,
    name,
    state,
    location,
    modules,
  }))
  await insertRows(tx, 'host_package', packageColumns, 'position', rows)
}

const itemColumns = {
  host_id: 'uuid',
  position: 'int',
  location: 'text',
  name: 'text',
  description: 'text',
  model_name: 'text',
  serial_number: 'text',
  hardware_revision: 'text',
} as const

/**
 * Parts have no identity beyond what the router prints (many have no serial number), and nothing refers to a part:
 * so the list is replaced as a whole, and parts without serial number never merge.
 */
async function replaceInventory(
  tx: Transaction,
  hostId: string,
  items: readonly InventoryItem[],
): Promise<void> {
  await tx.$executeRaw`DELETE FROM inventory_item WHERE host_id = ${hostId}::uuid`
  const rows = items.map((item, position) => ({
    host_id: hostId,
    position,
    location: item.location,
    name: item.name,
    description: item.description,
    model_name: item.modelName,
    serial_number: item.serialNumber,
    hardware_revision: item.hardwareRevision,
  }))
  await insertRows(tx, 'inventory_item', itemColumns, 'position', rows)
}
