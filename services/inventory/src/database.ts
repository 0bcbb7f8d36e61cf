// The connection to the inventory's database, and transactions that are run again when they lost a race.
import {
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
export function openDatabase(connection: DatabaseConnection, log: Log): Database {
  return new PrismaClient({
    adapter: prismaAdapter(connection, { applicationName: 'slipway-inventory', log }),
  })
}

/** Runs `work` in a transaction; if it lost a race against another request, again from its beginning. */
export function inTransaction<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  // Of two requests that add one name the later finds it taken: a second look decides anew.
  const lost = (error: unknown) => isLostRace(error) || isDuplicate(error)
  return retryLost(() => db.$transaction(work, transactionTimes.bulk), lost)
}

/** Parts of statements with bound values, and their joining. */
export const fragment = Prisma.sql
export const joined = Prisma.join
export const nothing = Prisma.empty
export type Fragment = Prisma.Sql
