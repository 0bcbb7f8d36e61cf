import pg from 'pg'
import { databaseError } from '../errors.ts'

/** How to reach a database: a URL (`postgresql://…`, also of a Unix socket) or the settings of the pg client. */
export type Connection = string | pg.ClientConfig

/** The settings of the pg client for either form. */
export function clientConfig(connection: Connection): pg.ClientConfig {
  return typeof connection === 'string' ? { connectionString: connection } : connection
}

/** The same server, another database. A connection string wins over settings, so the name is changed inside it. */
export function inDatabase(connection: Connection, database: string): pg.ClientConfig {
  const { connectionString, ...config } = clientConfig(connection)
  if (connectionString === undefined) return { ...config, database }
  // Not WHATWG's URL: it refuses `postgresql:///name?host=/socket` and the like.
  const changed = connectionString.replace(
    /^([a-z]+:\/\/[^/?#]*)(\/[^?#]*)?/,
    `$1/${encodeURIComponent(database)}`,
  )
  return { ...config, connectionString: changed }
}

/**
 * Runs `work` with a connection of its own, for what a pool cannot do: advisory locks, LISTEN, session settings.
 * The connection is closed afterwards, whatever happened.
 */
export async function withClient<T>(
  connection: Connection,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 15_000, ...clientConfig(connection) })
  // A connection that breaks between two queries must fail the next query, not the process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The name of the database of this connection; refuses one that is not UTF8 with DATABASE_NOT_UTF8. */
export async function checkEncoding(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string; encoding: string }>(
    'SELECT datname AS name, pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = current_database()',
  )
  const row = rows[0]
  if (row === undefined || row.encoding !== 'UTF8') {
    throw databaseError('DATABASE_NOT_UTF8', [row?.name ?? '', row?.encoding ?? 'unknown'])
  }
  return row.name
}
