import { type Connection, withClient } from '../connections/connection.ts'
import { isDuplicate, sqlState } from '../connections/sql-state.ts'
import { databaseError } from '../errors.ts'

/** Small letters, digits, underscores; 63 bytes is PostgreSQL's limit: `slipway_inventory` */
const DATABASE_NAME = /^[a-z_][a-z0-9_]{0,62}$/
const DUPLICATE_DATABASE = '42P04'

/**
 * Makes the database unless it is there. @param admin a connection to another database of the server
 * Errors: DATABASE_NAME_INVALID, DATABASE_NOT_UTF8 (one is there, with another encoding).
 */
export async function ensureDatabase(admin: Connection, name: string): Promise<void> {
  if (!DATABASE_NAME.test(name)) throw databaseError('DATABASE_NAME_INVALID', [name])
  await withClient(admin, async (client) => {
    const { rows } = await client.query<{ encoding: string }>(
      'SELECT pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = $1',
      [name],
    )
    const encoding = rows[0]?.encoding
    if (encoding === 'UTF8') return
    if (encoding !== undefined) throw databaseError('DATABASE_NOT_UTF8', [name, encoding])
    try {
      await client.query(`CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'UTF8'`)
    } catch (error) {
      // Two CREATE DATABASE of one name at once may meet in the catalogue's own index.
      if (sqlState(error) !== DUPLICATE_DATABASE && !isDuplicate(error)) throw error
    }
  })
}
