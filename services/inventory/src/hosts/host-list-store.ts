// Reading hosts. The list of a page and the count of all come from one statement; both walk an index that begins
// with the filter, holds hostname and id, and so needs only the rows of the page itself.
import type { HostPackage, HostRow, InventoryItem } from '@slipway/contracts'
import { type Database, type Fragment, fragment, joined, nothing } from '../database.ts'

/** Filters are ANDed. */
export interface HostFilter {
  readonly hostname?: string
  readonly regionId?: string
  readonly family?: string
}

export interface HostPage {
  readonly rows: HostRow[]
  /** Hosts that match, on all pages. */
  readonly total: number
}

export interface HostListStore {
  /** @param page from 1 @param size rows of a page */
  readPage(filter: HostFilter, page: number, size: number): Promise<HostPage>
  findRegionId(name: string): Promise<string | undefined>
  /** The id of a host that is not being deleted. */
  findHostId(hostname: string): Promise<string | undefined>
  listPackages(hostId: string): Promise<HostPackage[]>
  listInventory(hostId: string): Promise<InventoryItem[]>
}

interface PageRecord {
  total: number
  id: string | null
  hostname: string
  region: string
  roles: string
  connection_type: HostRow['connectionType']
  addresses: string[]
  ports: number[]
  username: string
  jump_host: string | null
  location: string
  family: string
  chassis: string
  software_platform: string
  software_version: string
  os_type: string
  created_by: string
  created_at: Date
}

export function createHostListStore(db: Database): HostListStore {
  return {
    readPage: (filter, page, size) => readPage(db, filter, page, size),
    async findRegionId(name) {
      const row = await db.region.findUnique({ where: { name }, select: { id: true } })
      return row?.id
    },
    async findHostId(hostname) {
      const row = await db.host.findUnique({ where: { hostname, deleting: false }, select: { id: true } })
      return row?.id
    },
    listPackages: (hostId) => db.$queryRaw<HostPackage[]>`
      SELECT name, state, location, modules FROM host_package WHERE host_id = ${hostId}::uuid ORDER BY position`,
    listInventory: (hostId) => db.$queryRaw<InventoryItem[]>`
      SELECT location, name, description, model_name AS "modelName", serial_number AS "serialNumber",
             hardware_revision AS "hardwareRevision"
        FROM inventory_item WHERE host_id = ${hostId}::uuid ORDER BY position`,
  }
}

/** A page further than any table reaches; beyond it PostgreSQL's offset would overflow. */
const furthestRow = 1_000_000_000_000

async function readPage(db: Database, filter: HostFilter, page: number, size: number): Promise<HostPage> {
  const where = conditions(filter)
  const offset = Math.min((page - 1) * size, furthestRow)
  const records = await db.$queryRaw<PageRecord[]>`
    SELECT t.total, h.id::text, h.hostname, r.name AS region, h.roles, h.connection_type, h.addresses, h.ports,
           h.username, j.name AS jump_host, h.location, h.family, h.chassis, h.software_platform,
           h.software_version, h.os_type, h.created_by, h.created_at
      FROM (SELECT count(*)::int AS total FROM host h WHERE ${where}) t
      LEFT JOIN ((SELECT h.id FROM host h WHERE ${where}
                   ORDER BY h.hostname OFFSET ${offset}::bigint LIMIT ${size}::int) page
                 JOIN host h ON h.id = page.id
                 JOIN region r ON r.id = h.region_id
                 LEFT JOIN jump_host j ON j.id = h.jump_host_id) ON true
     ORDER BY h.hostname`
  const rows = records.filter((record) => record.id !== null).map(toRow)
  return { rows, total: records[0]?.total ?? 0 }
}

function conditions({ hostname, regionId, family }: HostFilter): Fragment {
  return joined(
    [
      fragment`NOT h.deleting`,
      hostname === undefined ? nothing : fragment`h.hostname = ${hostname}`,
      regionId === undefined ? nothing : fragment`h.region_id = ${regionId}::uuid`,
      family === undefined ? nothing : fragment`h.family = ${family}`,
    ].filter((condition) => condition !== nothing),
    ' AND ',
  )
}

function toRow(record: PageRecord): HostRow {
  return {
    id: record.id ?? '',
    hostname: record.hostname,
    region: record.region,
    roles: record.roles,
    connectionType: record.connection_type,
    addresses: record.addresses,
    ports: record.ports,
    username: record.username,
    jumpHost: record.jump_host ?? '',
    location: record.location,
    facts: {
      family: record.family,
      chassis: record.chassis,
      softwarePlatform: record.software_platform,
      softwareVersion: record.software_version,
      osType: record.os_type,
    },
    createdBy: record.created_by,
    createdAt: record.created_at.toISOString(),
  }
}
