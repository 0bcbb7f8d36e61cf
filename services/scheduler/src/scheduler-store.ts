// The database as the feature folders see it: transactions, and the client for single statements. Prisma's types
// stay in the store files.
import {
  bigintTypes,
  type Connection,
  type ConnectionPool,
  copyRows,
  createPool,
  inPoolTransaction,
  type Log,
  type PoolClient,
  prismaAdapter,
  retryLost,
  transactionTimes,
} from '@slipway/database'
import { Prisma, PrismaClient } from './generated/client.ts'

/** What runs statements: the client (each on its own) or a transaction. */
export interface Db {
  $queryRaw<T = unknown>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T>
  $executeRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<number>
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>
}

/** A transaction for many rows: what is asked for at once runs in its order, and rows can go by COPY. */
export interface BulkDb extends Db {
  /** Writes lines of `copyLine` into columns of a table. */
  copy(table: string, columns: readonly string[], portions: AsyncIterable<string>): Promise<void>
}

export interface SchedulerStore {
  /** For single statements. */
  readonly db: Db
  /** Runs `work` in one transaction, again if it lost a race. `bulk` ones may take minutes. */
  transact<T>(work: (tx: Db) => Promise<T>, kind?: keyof typeof transactionTimes): Promise<T>
  /** The same for many rows at once, which go by COPY. */
  transactBulk<T>(work: (tx: BulkDb) => Promise<T>): Promise<T>
  /** True if the database answers. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

/** The store over a pool, and Prisma on its connections. */
export function createStore(pool: ConnectionPool, client: PrismaClient): SchedulerStore {
  return {
    db: client,
    // Locks are taken in one order, so races should not be lost; if one is, the transaction runs again.
    transact: (work, kind = 'normal') => retryLost(() => client.$transaction(work, transactionTimes[kind])),
    transactBulk: (work) =>
      retryLost(() => inPoolTransaction(pool, (connection) => work(onClient(connection)))),
    ping: async () => (await client.$queryRaw<unknown[]>`SELECT 1`).length === 1,
    async close() {
      await client.$disconnect()
      await pool.end()
    },
  }
}

/** Prisma's way of asking on a connection of the pg client: what is written for one runs on the other. */
function onClient(client: PoolClient): BulkDb {
  const ask = (query: TemplateStringsArray | Prisma.Sql, values: unknown[]) => {
    const { text, values: bound } = query instanceof Prisma.Sql ? query : Prisma.sql(query, ...values)
    return client.query({ text, values: bound, types: bigintTypes })
  }
  return {
    // Rows are what the statement says, as with Prisma.
    $queryRaw: async <T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) =>
      (await ask(query, values)).rows as T,
    $executeRaw: async (query, ...values) => (await ask(query, values)).rowCount ?? 0,
    $queryRawUnsafe: async <T>(text: string, ...values: unknown[]) =>
      (await client.query({ text, values, types: bigintTypes })).rows as T,
    copy: (table, columns, portions) => copyRows(client, table, columns, portions),
  }
}

/** Opens the scheduler's own database, which must be migrated. */
export function openStore(connection: Connection, log: Log): SchedulerStore {
  const pool = createPool(connection, { applicationName: 'slipway-scheduler', log })
  return createStore(pool, new PrismaClient({ adapter: prismaAdapter(pool, { log }) }))
}

/**
 * A list as PostgreSQL reads it, to be cast to an array. Only of what needs no quotes, ids and moments: quoting thousands of
 * them takes longer than storing them.
 * Cast from text (as Prisma sends it) only as `FROM unnest(…)`, which reads it once: in a condition PostgreSQL would read it
 * again for each row it looks at. A `BulkDb` sends it as what it is.
 */
export const plainArray = (items: readonly (string | number | null)[]): string =>
  `{${items.map((item) => item ?? 'NULL').join(',')}}`

/** Jobs are counted with 64 bits in SQL and as numbers in messages: 2^53 of them are enough. */
export const toJobId = (id: bigint): number => Number(id)
