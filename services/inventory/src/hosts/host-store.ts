// Hosts in the database. A bulk change reads what it needs in three statements and writes in three more, however
// many rows it has.
import { schedulerDeliveries } from '@slipway/contracts'
import { enqueueMany, type NewDelivery } from '@slipway/database'
import type { ConnectionType } from '../connection-type.ts'
import { type Database, inTransaction, type Transaction } from '../database.ts'
import { insertRows, type RecordOf, updateRows } from '../recordset.ts'
import type { Host, HostDecision, HostSurroundings } from './host.ts'

const columns = {
  id: 'uuid',
  hostname: 'text',
  region_id: 'uuid',
  jump_host_id: 'uuid',
  roles: 'text',
  connection_type: 'text',
  addresses: 'text[]',
  ports: 'int[]',
  username: 'text',
  sealed_password: 'text',
  sealed_enable_password: 'text',
  location: 'text',
  created_by: 'text',
  version: 'int',
} as const

interface HostRecord {
  id: string
  hostname: string
  region_id: string
  region: string
  jump_host_id: string | null
  roles: string
  connection_type: ConnectionType
  addresses: string[]
  ports: number[]
  username: string
  sealed_password: string | null
  sealed_enable_password: string | null
  location: string
  created_by: string
  version: number
  deleting: boolean
}

/** A host by what the scheduler is told of it. */
export interface HostReference {
  readonly id: string
  readonly hostname: string
  readonly region: string
  readonly version: number
}

/** A host that was changed, by what everybody is told of it. */
export interface HostChange {
  readonly hostId: string
  readonly version: number
}

/** Names that the rows of a request mention. */
export interface HostNames {
  readonly hostnames: readonly string[]
  readonly regions: readonly string[]
  readonly jumpHosts: readonly string[]
}

export interface HostTransaction {
  /** Locks what it finds, so that it still holds when the rows are written. */
  lookUp(names: HostNames): Promise<HostSurroundings>
  /** Writes hosts and tells the scheduler of those that changed. */
  save(decisions: readonly HostDecision[], requestId: string): Promise<void>
}

export interface HostStore {
  change<T>(work: (tx: HostTransaction) => Promise<T>): Promise<T>
  /** Has the scheduler told to discover a host; undefined if there is none of this name. */
  requestDiscovery(hostname: string, requestId: string): Promise<HostReference | undefined>
  /** Marks a host as being deleted; undefined if there is none of this name. Marking twice is once. */
  markDeleting(hostname: string): Promise<HostReference | undefined>
  /** The deletion cannot be: the host is there again. */
  unmarkDeleting(id: string): Promise<void>
  /** Removes a host with its packages and parts. */
  remove(id: string): Promise<void>
  /** Hosts whose deletion was begun and not ended. */
  listDeleting(): Promise<HostReference[]>
}

export function createHostStore(db: Database): HostStore {
  return {
    change: (work) =>
      inTransaction(db, (tx) =>
        work({
          lookUp: (names) => lookUp(tx, names),
          save: (decisions, requestId) => save(tx, decisions, requestId),
        }),
      ),
    requestDiscovery: (hostname, requestId) =>
      inTransaction(db, (tx) => requestDiscovery(tx, hostname, requestId)),
    async markDeleting(hostname) {
      const [host] = await db.$queryRaw<HostReference[]>`
        UPDATE host SET deleting = true, version = host.version + 1 FROM region r
         WHERE host.hostname = ${hostname} AND r.id = host.region_id
        RETURNING host.id::text, host.hostname, host.version, r.name AS region`
      return host
    },
    async unmarkDeleting(id) {
      await db.$executeRaw`
        UPDATE host SET deleting = false, version = version + 1 WHERE id = ${id}::uuid AND deleting`
    },
    async remove(id) {
      await db.$executeRaw`DELETE FROM host WHERE id = ${id}::uuid`
    },
    listDeleting: () => db.$queryRaw<HostReference[]>`
      SELECT h.id::text, h.hostname, h.version, r.name AS region
        FROM host h JOIN region r ON r.id = h.region_id WHERE h.deleting ORDER BY h.hostname`,
  }
}

async function lookUp(tx: Transaction, names: HostNames): Promise<HostSurroundings> {
  // KEY SHARE keeps regions and jump hosts from being deleted, and nothing else, until the hosts are written.
  const regions = await tx.$queryRaw<{ id: string; name: string }[]>`
    SELECT id::text, name FROM region WHERE name = ANY(${names.regions}::text[]) ORDER BY name FOR KEY SHARE`
  const jumpHosts = await tx.$queryRaw<{ id: string; name: string }[]>`
    SELECT id::text, name FROM jump_host WHERE name = ANY(${names.jumpHosts}::text[]) ORDER BY name FOR KEY SHARE`
  // In the order of names, as insertRows does: two requests with the same hosts wait, they do not deadlock.
  const hosts = await tx.$queryRaw<HostRecord[]>`
    SELECT h.id::text, h.hostname, h.region_id::text, r.name AS region, h.jump_host_id::text, h.roles,
           h.connection_type, h.addresses, h.ports, h.username, h.sealed_password, h.sealed_enable_password,
           h.location, h.created_by, h.version, h.deleting
      FROM host h JOIN region r ON r.id = h.region_id
     WHERE h.hostname = ANY(${names.hostnames}::text[]) ORDER BY h.hostname FOR UPDATE OF h`
  return {
    regions: new Map(regions.map(({ id, name }) => [name, id])),
    jumpHosts: new Map(jumpHosts.map(({ id, name }) => [name, id])),
    hosts: new Map(hosts.filter(({ deleting }) => !deleting).map((row) => [row.hostname, toHost(row)])),
    deleting: new Set(hosts.filter(({ deleting }) => deleting).map(({ hostname }) => hostname)),
  }
}

async function save(tx: Transaction, decisions: readonly HostDecision[], requestId: string): Promise<void> {
  const records = (kind: HostDecision['kind']) =>
    decisions.filter((decision) => decision.kind === kind).map(({ host }) => toRecord(host))
  await insertRows(tx, 'host', columns, 'hostname', records('create'))
  await updateRows(tx, 'host', columns, records('update'))
  const changed = decisions.filter(({ kind }) => kind !== 'none')
  await enqueueMany(tx, recordHosts(changed, requestId))
}

async function requestDiscovery(
  tx: Transaction,
  hostname: string,
  requestId: string,
): Promise<HostReference | undefined> {
  const [host] = await tx.$queryRaw<HostReference[]>`
    UPDATE host SET version = host.version + 1 FROM region r
     WHERE host.hostname = ${hostname} AND NOT host.deleting AND r.id = host.region_id
    RETURNING host.id::text, host.hostname, host.version, r.name AS region`
  if (host !== undefined) await enqueueMany(tx, recordHosts([{ host, discover: true }], requestId))
  return host
}

/** Hosts in one delivery, as its contract allows: a row of the outbox for each host costs more than the hosts. */
const HOSTS_A_DELIVERY = 500

/**
 * What the scheduler is told. Those of many hosts may arrive in any order, as it passes over a version that is older
 * than what it knows.
 */
function recordHosts(
  news: readonly { readonly host: HostReference; readonly discover: boolean }[],
  requestId: string,
): NewDelivery[] {
  const hosts = news.map(({ host: { id, hostname, region, version }, discover }) => ({
    hostId: id,
    hostname,
    region,
    version,
    discover,
  }))
  const count = Math.ceil(hosts.length / HOSTS_A_DELIVERY)
  return Array.from({ length: count }, (_, part) => ({
    subject: schedulerDeliveries.recordHosts.subject,
    payload: { hosts: hosts.slice(part * HOSTS_A_DELIVERY, (part + 1) * HOSTS_A_DELIVERY), requestId },
    ...(hosts.length === 1 && hosts[0] !== undefined ? { orderingKey: hosts[0].hostId } : {}),
  }))
}

function toHost(row: HostRecord): Host {
  return {
    id: row.id,
    hostname: row.hostname,
    regionId: row.region_id,
    region: row.region,
    jumpHostId: row.jump_host_id ?? undefined,
    roles: row.roles,
    connectionType: row.connection_type,
    addresses: row.addresses,
    ports: row.ports,
    username: row.username,
    sealedPassword: row.sealed_password ?? undefined,
    sealedEnablePassword: row.sealed_enable_password ?? undefined,
    location: row.location,
    createdBy: row.created_by,
    version: row.version,
  }
}

function toRecord(host: Host): RecordOf<typeof columns> {
  return {
    id: host.id,
    hostname: host.hostname,
    region_id: host.regionId,
    jump_host_id: host.jumpHostId ?? null,
    roles: host.roles,
    connection_type: host.connectionType,
    addresses: host.addresses,
    ports: host.ports,
    username: host.username,
    sealed_password: host.sealedPassword ?? null,
    sealed_enable_password: host.sealedEnablePassword ?? null,
    location: host.location,
    created_by: host.createdBy,
    version: host.version,
  }
}
