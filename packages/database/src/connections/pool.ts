import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { type Log, silentLog } from '../log.ts'
import { type Connection, clientConfig } from './connection.ts'
import { createStatementNames } from './statement-names.ts'

/** Connections of one database. */
export type ConnectionPool = pg.Pool
/** A connection that was taken from a pool. */
export type PoolClient = pg.PoolClient

export interface PoolOptions {
  /** Connections at most; default 5, the limit of a service. */
  readonly max?: number
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string
  readonly log?: Log
}

const SESSION_SETTINGS = [
  // Prisma's adapter writes and reads timestamps without their offset: in another time zone they would be shifted.
  '-c TimeZone=UTC',
  // A remembered plan (statement-names.ts) outlives the table it was made for: one made while there were ten jobs reads
  // the whole table for each row it looks up, and a bulk request makes ten thousand of them in half a second (ADR 0015).
  '-c enable_seqscan=off',
  // Who stands still in the middle of a transaction (suspended, or cut off without a word) holds up whoever waits for its
  // locks: the claims of all schedulers, the take-over of a run. As long as Prisma lets a transaction of ours take.
  '-c idle_in_transaction_session_timeout=10s',
].join(' ')

function poolConfig(connection: Connection, options: PoolOptions): pg.PoolConfig {
  return {
    max: options.max ?? 5,
    // Without it a request waits for ever when all connections are taken or the server is gone.
    connectionTimeoutMillis: 10_000,
    options: SESSION_SETTINGS,
    ...(options.applicationName === undefined ? {} : { application_name: options.applicationName }),
    ...clientConfig(connection),
  }
}

/** A pg pool. An idle connection that breaks is logged and replaced. */
export function createPool(connection: Connection, options: PoolOptions = {}): pg.Pool {
  const log = options.log ?? silentLog
  const pool = new pg.Pool(poolConfig(connection, options))
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'))
  return pool
}

/**
 * The adapter for a generated client: `new PrismaClient({ adapter: prismaAdapter(connection) })`. A pool may be shared
 * with `inPoolTransaction`; whoever made it ends it.
 */
export function prismaAdapter(connection: Connection | pg.Pool, options: PoolOptions = {}): PrismaPg {
  const log = options.log ?? silentLog
  const pool = connection instanceof pg.Pool ? connection : poolConfig(connection, options)
  return new PrismaPg(pool, {
    statementNameGenerator: createStatementNames(),
    onPoolError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
    onConnectionError: (error) => log.warn({ err: error }, 'a database connection broke'),
  })
}

/**
 * Times for Prisma's interactive transactions, in milliseconds: `$transaction(work, transactionTimes.bulk)`.
 * Without them Prisma gives up after 2 s of waiting for a connection and 5 s of work.
 */
export const transactionTimes = {
  normal: { maxWait: 10_000, timeout: 10_000 },
  bulk: { maxWait: 10_000, timeout: 120_000 },
} as const
