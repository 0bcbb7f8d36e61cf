import type { SealedTable } from '@slipway/service-kit'

/** What of auth's database is sealed: the private halves of the keys that sign tokens. */
export const sealedTables: readonly SealedTable[] = [
  {
    table: 'signing_key',
    key: { column: 'kid', type: 'text' },
    columns: [{ column: 'sealed_private_pem', field: 'private_pem' }],
  },
]
