// Reading hosts. The list of a page and the count of all come from one statement; both walk an index that begins
// with the filter, holds hostname and id, and so needs only the rows of the page itself.
import type { HostPackage, InventoryItem } from '@slipway/contracts'
import { type Database, type Fragment, fragment, joined, nothing } from '../database.ts'

/** Filters are ANDed. */
export interface HostFilter {
  readonly hostname?: string
  readonly regionId?: string
  readonly family?: string
}

export interface HostPage {
  /** JSON of a list of HostRow. */
  readonly rows: string
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

/** One statement; PostgreSQL writes the rows as JSON, which no object of ours could do as quickly. */
async function readPage(db: Database, filter: HostFilter, page: number, size: number): Promise<HostPage> {
  const where = conditions(filter)
  const offset = Math.min((page - 1) * size, furthestRow)
  const [found] = await db.$queryRaw<{ total: number; rows: string }[]>`
    SELECT t.total, l.rows
      FROM (SELECT count(*)::int AS total FROM host h WHERE ${where}) t,
           (SELECT coalesce(json_agg(shown), '[]')::text AS rows
              FROM (SELECT h.id, h.hostname, r.name AS region, h.roles, h.connection_type AS "connectionType",
                           h.addresses, h.ports, h.username, coalesce(j.name, '') AS "jumpHost", h.location,
                           (SELECT facts FROM (SELECT h.family, h.chassis, h.software_platform AS "softwarePlatform",
                                                      h.software_version AS "softwareVersion",
                                                      h.os_type AS "osType") facts) AS facts,
                           h.created_by AS "createdBy",
                           to_char(h.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "createdAt"
                      FROM (SELECT h.id FROM host h WHERE ${where}
                             ORDER BY h.hostname OFFSET ${offset}::bigint LIMIT ${size}::int) page
                      JOIN host h ON h.id = page.id
                      JOIN region r ON r.id = h.region_id
                      LEFT JOIN jump_host j ON j.id = h.jump_host_id
                     ORDER BY h.hostname) shown) l`
  return { rows: found?.rows ?? '[]', total: found?.total ?? 0 }
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
