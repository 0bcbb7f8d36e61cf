// The connection to the inventory's database, and transactions that are run again when they lost a race.
import {
  type ConnectionPool,
  createPool,
  isDuplicate,
  isLostRace,
  type Log,
  prismaAdapter,
  retryLost,
  transactionTimes,
} from '@slipway/database'
import type { DatabaseConnection } from '@slipway/service-kit'
import { Prisma, PrismaClient } from './generated/client.ts'

export type Database = PrismaClient
export type Transaction = Prisma.TransactionClient

/** Opens a pool of at most 5 connections; nothing is connected before the first statement. */
export function openPool(connection: DatabaseConnection, log: Log): ConnectionPool {
  return createPool(connection, { applicationName: 'slipway-inventory', log })
}

/** Prisma on the connections of a pool, which outlives it. */
export function openDatabase(pool: ConnectionPool, log: Log): Database {
  return new PrismaClient({ adapter: prismaAdapter(pool, { log }) })
}

/** Runs `work` in a transaction; if it lost a race against another request, again from its beginning. */
export function inTransaction<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return retryLostRace(() => db.$transaction(work, transactionTimes.bulk))
}

/** Runs a transaction; of two requests that add one name the later finds it taken: a second look decides anew. */
export function retryLostRace<T>(transaction: () => Promise<T>): Promise<T> {
  return retryLost(transaction, (error) => isLostRace(error) || isDuplicate(error))
}

/** Parts of statements with bound values, and their joining. */
export const fragment = Prisma.sql
export const joined = Prisma.join
export const nothing = Prisma.empty
export type Fragment = Prisma.Sql
