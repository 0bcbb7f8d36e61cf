import { type Log, prismaAdapter, transactionTimes } from '@slipway/database'
import type { DatabaseConnection } from '@slipway/service-kit'
import { type Prisma, PrismaClient } from './generated/client.ts'

export type Database = PrismaClient
export type Transaction = Prisma.TransactionClient

/** Opens a pool of at most 5 connections; nothing is connected before the first statement. */
export function openDatabase(connection: DatabaseConnection, log: Log): Database {
  return new PrismaClient({
    adapter: prismaAdapter(connection, { applicationName: 'slipway-catalog', log }),
  })
}

/** Runs `work` in a transaction that may write thousands of rows. */
export function inTransaction<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.$transaction(work, transactionTimes.bulk)
}
