import type { SealedTable } from '@slipway/service-kit'

const key = { column: 'id', type: 'uuid' } as const
const password = { column: 'sealed_password', field: 'password' } as const

/** What of the inventory's database is sealed: credentials of hosts, jump hosts and repositories. */
export const sealedTables: readonly SealedTable[] = [
  {
    table: 'host',
    key,
    columns: [password, { column: 'sealed_enable_password', field: 'enable_password' }],
  },
  { table: 'jump_host', key, columns: [password] },
  { table: 'server_repository', key, columns: [password] },
]
