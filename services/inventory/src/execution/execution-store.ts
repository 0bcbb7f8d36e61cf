// What others need to resolve by name or id: validation of installation requests, targets of executions.
import type { ExecutionTarget, ServerType } from '@slipway/contracts'
import { jsonRows } from '@slipway/database'
import type { ConnectionType } from '../connection-type.ts'
import type { Database } from '../database.ts'

export type TargetHost = ExecutionTarget['host']
export type TargetJumpHost = NonNullable<ExecutionTarget['jumpHost']>
export type TargetRepository = NonNullable<ExecutionTarget['repository']>

export interface ExecutionStore {
  findHosts(hostnames: readonly string[]): Promise<{ hostname: string; id: string }[]>
  findRepositoryNames(names: readonly string[]): Promise<string[]>
  findProfileNames(names: readonly string[]): Promise<string[]>
  /** A host that is not being deleted, with its jump host. */
  readHost(id: string): Promise<{ host: TargetHost; jumpHost: TargetJumpHost | undefined } | undefined>
  readRepository(name: string): Promise<TargetRepository | undefined>
  readProfiles(names: readonly string[]): Promise<{ name: string; commands: string[] }[]>
}

export function createExecutionStore(db: Database): ExecutionStore {
  return {
    findHosts: (hostnames) =>
      jsonRows(db.$queryRaw`
        SELECT json_agg(json_build_object('hostname', hostname, 'id', id))::text AS rows
          FROM host WHERE hostname = ANY(${hostnames}::text[]) AND NOT deleting`),
    async findRepositoryNames(names) {
      const rows = await db.$queryRaw<{ name: string }[]>`
        SELECT name FROM server_repository WHERE name = ANY(${names}::text[])`
      return rows.map(({ name }) => name)
    },
    async findProfileNames(names) {
      const rows = await db.$queryRaw<{ name: string }[]>`
        SELECT name FROM command_profile WHERE name = ANY(${names}::text[])`
      return rows.map(({ name }) => name)
    },
    readHost: (id) => readHost(db, id),
    readRepository: (name) => readRepository(db, name),
    readProfiles: (names) => db.$queryRaw<{ name: string; commands: string[] }[]>`
      SELECT name, commands FROM command_profile WHERE name = ANY(${names}::text[])`,
  }
}

async function readHost(db: Database, id: string) {
  const found = await db.host.findUnique({ where: { id, deleting: false }, include: { jump_host: true } })
  if (found === null) return undefined
  const host: TargetHost = {
    id: found.id,
    hostname: found.hostname,
    connectionType: asConnectionType(found.connection_type),
    addresses: found.addresses,
    ports: found.ports,
    username: found.username,
    ...sealed('sealedPassword', found.sealed_password),
    ...sealed('sealedEnablePassword', found.sealed_enable_password),
    facts: {
      family: found.family,
      chassis: found.chassis,
      softwarePlatform: found.software_platform,
      softwareVersion: found.software_version,
      osType: found.os_type,
    },
  }
  const via = found.jump_host
  if (via === null) return { host, jumpHost: undefined }
  const jumpHost: TargetJumpHost = {
    id: via.id,
    name: via.name,
    connectionType: asConnectionType(via.connection_type),
    address: via.address,
    port: via.port,
    username: via.username,
    ...sealed('sealedPassword', via.sealed_password),
  }
  return { host, jumpHost }
}

async function readRepository(db: Database, name: string): Promise<TargetRepository | undefined> {
  const row = await db.server_repository.findUnique({ where: { name } })
  if (row === null) return undefined
  return {
    id: row.id,
    name: row.name,
    serverType: asServerType(row.server_type),
    tftpServerPath: row.tftp_server_path,
    fileDirectory: row.file_directory,
    serverAddress: row.server_address,
    homeDirectory: row.home_directory,
    vrf: row.vrf,
    username: row.username,
    destinationOnHost: row.destination_on_host,
    devicePath: row.device_path,
    createdBy: row.created_by,
    ...sealed('sealedPassword', row.sealed_password),
  }
}

function sealed<K extends string>(key: K, value: string | null): Partial<Record<K, string>> {
  if (value === null) return {}
  const entry: Partial<Record<K, string>> = {}
  entry[key] = value
  return entry
}

// Written by the rules of the domain only; the answer is checked against its contract on the way out.
const asConnectionType = (text: string) => text as ConnectionType
const asServerType = (text: string) => text as ServerType
