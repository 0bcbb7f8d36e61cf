// A bulk change of hosts in the database: one transaction that reads what it needs in three statements and writes in
// three more, however many rows it has. Rows are judged, their secrets sealed, while PostgreSQL stores those before.
import {
  type ConnectionPool,
  type CopyCell,
  copyLine,
  copyRows,
  enqueueTexts,
  inPoolTransaction,
  type PoolClient,
} from '@slipway/database'
import type { ConnectionType } from '../connection-type.ts'
import { retryLostRace } from '../database.ts'
import { toJsonParameter, updateStatement } from '../recordset.ts'
import type { Host, HostDecision, HostSurroundings } from './host.ts'
import { createHostNews, type HostChange } from './host-news.ts'

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
type ColumnName = keyof typeof columns
const columnNames = Object.keys(columns) as ColumnName[]

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

/** Names that the rows of a request mention. */
export interface HostNames {
  readonly hostnames: readonly string[]
  readonly regions: readonly string[]
  readonly jumpHosts: readonly string[]
}

export interface HostTransaction {
  /** Locks what it finds, so that it still holds when the rows are written. */
  lookUp(names: HostNames): Promise<HostSurroundings>
  /**
   * Writes hosts as they are decided, in the order of names, and tells the scheduler of those that changed, which it
   * answers. Once for a transaction.
   */
  save(portions: AsyncIterable<readonly HostDecision[]>, requestId: string): Promise<HostChange[]>
}

export interface HostChangeStore {
  /** Runs `work` in a transaction; if it lost a race against another request, again from its beginning. */
  change<T>(work: (tx: HostTransaction) => Promise<T>): Promise<T>
}

export function createHostChangeStore(pool: ConnectionPool): HostChangeStore {
  return {
    change: (work) =>
      retryLostRace(() =>
        inPoolTransaction(pool, (client) =>
          work({
            lookUp: (names) => lookUp(client, names),
            save: (portions, requestId) => save(client, portions, requestId),
          }),
        ),
      ),
  }
}

interface Named {
  id: string
  name: string
}

// KEY SHARE keeps regions and jump hosts from being deleted, and nothing else, until the hosts are written.
const REGIONS = 'SELECT id, name FROM region WHERE name = ANY($1::text[]) ORDER BY name FOR KEY SHARE'
const JUMP_HOSTS = 'SELECT id, name FROM jump_host WHERE name = ANY($1::text[]) ORDER BY name FOR KEY SHARE'
// In the order of names, as new ones are written: two requests with the same hosts wait, they do not deadlock.
const HOSTS = `
  SELECT h.id, h.hostname, h.region_id, r.name AS region, h.jump_host_id, h.roles, h.connection_type, h.addresses,
         h.ports, h.username, h.sealed_password, h.sealed_enable_password, h.location, h.created_by, h.version,
         h.deleting
    FROM host h JOIN region r ON r.id = h.region_id
   WHERE h.hostname = ANY($1::text[]) ORDER BY h.hostname FOR UPDATE OF h`

async function lookUp(client: PoolClient, names: HostNames): Promise<HostSurroundings> {
  const idsByName = async (name: string, text: string, wanted: readonly string[]) => {
    const { rows } = await client.query<Named>({ name, text, values: [wanted] })
    return new Map(rows.map((row) => [row.name, row.id]))
  }
  const regions = await idsByName('change-hosts-regions', REGIONS, names.regions)
  const jumpHosts = await idsByName('change-hosts-jump-hosts', JUMP_HOSTS, names.jumpHosts)
  const { rows } = await client.query<HostRecord>({
    name: 'change-hosts-hosts',
    text: HOSTS,
    values: [names.hostnames],
  })
  return {
    regions,
    jumpHosts,
    hosts: new Map(rows.filter(({ deleting }) => !deleting).map((row) => [row.hostname, toHost(row)])),
    deleting: new Set(rows.filter(({ deleting }) => deleting).map(({ hostname }) => hostname)),
  }
}

const UPDATE = updateStatement('host', columns)

async function save(
  client: PoolClient,
  portions: AsyncIterable<readonly HostDecision[]>,
  requestId: string,
): Promise<HostChange[]> {
  const news = createHostNews(requestId)
  const updates: Record<ColumnName, CopyCell>[] = []
  const newLines = async function* () {
    for await (const decisions of portions) {
      let lines = ''
      for (const { kind, host, discover } of decisions) {
        if (kind === 'none') continue
        news.add(host, discover)
        const record = toRecord(host)
        if (kind === 'create') lines += copyLine(columnNames.map((name) => record[name]))
        else updates.push(record)
      }
      if (lines !== '') yield lines
    }
  }
  await copyRows(client, 'host', columnNames, newLines())
  if (updates.length > 0) await client.query(UPDATE, [toJsonParameter(updates)])
  await enqueueTexts(client, news.deliveries())
  return news.changes
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

function toRecord(host: Host): Record<ColumnName, CopyCell> {
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
