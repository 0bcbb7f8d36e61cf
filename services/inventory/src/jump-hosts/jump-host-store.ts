import type { ConnectionType } from '../connection-type.ts'
import type { Database } from '../database.ts'
import { createRowStore, type RowStore } from '../row-store.ts'
import type { JumpHost } from './jump-host.ts'

interface JumpHostRecord {
  id: string
  name: string
  connection_type: ConnectionType
  address: string
  port: string
  username: string
  sealed_password: string | null
  created_by: string
}

export type JumpHostStore = RowStore<JumpHost>

export function createJumpHostStore(db: Database): JumpHostStore {
  return createRowStore<JumpHostRecord, JumpHost>(db, {
    table: 'jump_host',
    columns: {
      id: 'uuid',
      name: 'text',
      connection_type: 'text',
      address: 'text',
      port: 'text',
      username: 'text',
      sealed_password: 'text',
      created_by: 'text',
    },
    toDomain: (record) => ({
      id: record.id,
      name: record.name,
      connectionType: record.connection_type,
      address: record.address,
      port: record.port,
      username: record.username,
      sealedPassword: record.sealed_password ?? undefined,
      createdBy: record.created_by,
    }),
    toRecord: (row) => ({
      id: row.id,
      name: row.name,
      connection_type: row.connectionType,
      address: row.address,
      port: row.port,
      username: row.username,
      sealed_password: row.sealedPassword ?? null,
      created_by: row.createdBy,
    }),
  })
}
