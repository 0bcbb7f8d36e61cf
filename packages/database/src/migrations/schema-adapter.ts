// Prisma's pg adapter, corrected for the schema engine in three places (each tried with 7.10):
// - it splits a script at every semicolon, so functions and string constants break, and runs the pieces one by one,
//   so a script that fails leaves half of itself behind. We send the script as one query: all or nothing;
// - it does not know the type "char" of the system catalogue, so the engine cannot read a database;
// - it drops a shadow database while it is still connected to it.

import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { type Connection, clientConfig, inDatabase, withClient } from '../connections/connection.ts'

/** Object ids of types in PostgreSQL's catalogue. */
const CHAR_TYPE = 18
const TEXT_TYPE = 25

export interface SchemaAdapterOptions {
  /** Told of every script that fails, with PostgreSQL's own error; the engine's is often misleading. */
  readonly onScriptError: (error: unknown) => void
  /** Runs this one script instead of the adapter: as a whole or not at all. */
  readonly migration?: { readonly sql: string; readonly run: (pool: pg.Pool) => Promise<void> }
}

/** The adapter factory for the schema engine. */
export function schemaAdapter(
  connection: Connection,
  options: SchemaAdapterOptions,
): SqlMigrationAwareDriverAdapterFactory {
  const config = clientConfig(connection)
  return {
    provider: 'postgres',
    adapterName: 'slipway-schema',
    connect: () => connect(config, options),
    connectToShadowDb: () => connectToShadow(config, options),
  }
}

async function connectToShadow(
  config: pg.ClientConfig,
  options: SchemaAdapterOptions,
): Promise<SqlDriverAdapter> {
  const database = `slipway_shadow_${randomUUID().replaceAll('-', '')}`
  await withClient(config, (client) =>
    client.query(`CREATE DATABASE "${database}" TEMPLATE template0 ENCODING 'UTF8'`),
  )
  const drop = async (): Promise<void> => {
    await withClient(config, (client) => client.query(`DROP DATABASE "${database}"`))
  }
  return connect(inDatabase(config, database), { onScriptError: options.onScriptError }, drop)
}

async function connect(
  config: pg.ClientConfig,
  options: SchemaAdapterOptions,
  afterClose?: () => Promise<void>,
): Promise<SqlDriverAdapter> {
  const charColumns = new WeakMap<object, number[]>()
  // One connection: the engine takes locks and sets a search path, which belong to a session.
  const pool = charAwarePool(new pg.Pool({ ...config, max: 1 }), charColumns)
  const adapter = await new PrismaPg(pool).connect()
  const queryRaw = adapter.queryRaw.bind(adapter)
  return Object.assign(adapter, {
    queryRaw: async (query: Parameters<typeof queryRaw>[0]): Promise<SqlResultSet> => {
      const result = await queryRaw(query)
      for (const column of charColumns.get(result.rows) ?? []) {
        result.columnTypes[column] = ColumnTypeEnum.Character
      }
      return result
    },
    executeScript: async (script: string): Promise<void> => {
      const { migration } = options
      const done = migration?.sql === script ? migration.run(pool) : pool.query(script)
      await done.catch((error) => {
        options.onScriptError(error)
        throw error
      })
    },
    dispose: async (): Promise<void> => {
      await pool.end()
      await afterClose?.()
    },
  })
}

/** Calls columns of type "char" text, which the adapter can carry, and remembers which they were. */
function charAwarePool(pool: pg.Pool, charColumns: WeakMap<object, number[]>): pg.Pool {
  pool.on('error', () => undefined)
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryArrayResult>
  const marking = async (...args: unknown[]): Promise<pg.QueryArrayResult> => {
    const result = await query(...args)
    const columns: number[] = []
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== CHAR_TYPE) continue
      field.dataTypeID = TEXT_TYPE
      columns.push(index)
    }
    if (columns.length > 0) charColumns.set(result.rows, columns)
    return result
  }
  return Object.assign(pool, { query: marking })
}
