import type { ServerType } from '@slipway/contracts'
import type { Database } from '../database.ts'
import { createRowStore, type RowStore } from '../row-store.ts'
import type { ServerRepository } from './server-repository.ts'

interface RepositoryRecord {
  id: string
  name: string
  server_type: ServerType
  tftp_server_path: string
  file_directory: string
  server_address: string
  home_directory: string
  vrf: string
  username: string
  sealed_password: string | null
  destination_on_host: string
  device_path: string
  created_by: string
}

export interface RepositoryStore extends RowStore<ServerRepository> {
  /** True if a region uses the repository. */
  isUsedByRegions(name: string): Promise<boolean>
}

export function createRepositoryStore(db: Database): RepositoryStore {
  const rows = createRowStore<RepositoryRecord, ServerRepository>(db, {
    table: 'server_repository',
    columns: {
      id: 'uuid',
      name: 'text',
      server_type: 'text',
      tftp_server_path: 'text',
      file_directory: 'text',
      server_address: 'text',
      home_directory: 'text',
      vrf: 'text',
      username: 'text',
      sealed_password: 'text',
      destination_on_host: 'text',
      device_path: 'text',
      created_by: 'text',
    },
    toDomain,
    toRecord,
  })
  return {
    ...rows,
    async isUsedByRegions(name) {
      const uses = await db.region_server_repository.count({ where: { server_repository: { name } } })
      return uses > 0
    },
  }
}

function toDomain(record: RepositoryRecord): ServerRepository {
  return {
    id: record.id,
    name: record.name,
    serverType: record.server_type,
    tftpServerPath: record.tftp_server_path,
    fileDirectory: record.file_directory,
    serverAddress: record.server_address,
    homeDirectory: record.home_directory,
    vrf: record.vrf,
    username: record.username,
    sealedPassword: record.sealed_password ?? undefined,
    destinationOnHost: record.destination_on_host,
    devicePath: record.device_path,
    createdBy: record.created_by,
  }
}

function toRecord(row: ServerRepository): RepositoryRecord {
  return {
    id: row.id,
    name: row.name,
    server_type: row.serverType,
    tftp_server_path: row.tftpServerPath,
    file_directory: row.fileDirectory,
    server_address: row.serverAddress,
    home_directory: row.homeDirectory,
    vrf: row.vrf,
    username: row.username,
    sealed_password: row.sealedPassword ?? null,
    destination_on_host: row.destinationOnHost,
    device_path: row.devicePath,
    created_by: row.createdBy,
  }
}
