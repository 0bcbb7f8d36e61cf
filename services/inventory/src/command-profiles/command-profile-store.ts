import type { Database } from '../database.ts'
import { createRowStore, type RowStore } from '../row-store.ts'
import type { CommandProfile } from './command-profile.ts'

interface ProfileRecord {
  id: string
  name: string
  commands: string[]
  created_by: string
}

export type ProfileStore = RowStore<CommandProfile>

export function createProfileStore(db: Database): ProfileStore {
  return createRowStore<ProfileRecord, CommandProfile>(db, {
    table: 'command_profile',
    columns: { id: 'uuid', name: 'text', commands: 'text[]', created_by: 'text' },
    toDomain: ({ created_by, ...record }) => ({ ...record, createdBy: created_by }),
    toRecord: ({ createdBy, ...row }) => ({ ...row, created_by: createdBy }),
  })
}
