// The connection to the inventory's database, and transactions that are run again when they lost a race.
import { type Log, prismaAdapter, transactionTimes } from '@slipway/database'
import type { DatabaseConnection } from '@slipway/service-kit'
import { Prisma, PrismaClient } from './generated/client.ts'

export type Database = PrismaClient
export type Transaction = Prisma.TransactionClient

/** Opens a pool of at most 5 connections; nothing is connected before the first statement. */
export function openDatabase(connection: DatabaseConnection, log: Log): Database {
  return new PrismaClient({
    adapter: prismaAdapter({ ...connection }, { applicationName: 'slipway-inventory', log }),
  })
}

const foreignKeyViolation = '23503'
/** Unique violation, serialization failure, deadlock: another request was quicker, a second look decides anew. */
const lostRace = new Set(['23505', '40001', '40P01'])
const attempts = 4

/** Runs `work` in a transaction; if it lost a race against another request, again from its beginning. */
export async function inTransaction<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.$transaction(work, transactionTimes.bulk)
    } catch (error) {
      if (attempt === attempts || !lostRace.has(sqlState(error) ?? '')) throw error
    }
  }
}

/** True if a row could not be removed because others refer to it. */
export function isStillReferenced(error: unknown): boolean {
  return sqlState(error) === foreignKeyViolation
}

/** PostgreSQL's code of a failed statement, as the driver adapter hands it on. */
function sqlState(error: unknown): string | undefined {
  const code = property(
    property(property(property(error, 'meta'), 'driverAdapterError'), 'cause'),
    'originalCode',
  )
  return typeof code === 'string' ? code : undefined
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** Parts of statements with bound values, and their joining. */
export const fragment = Prisma.sql
export const joined = Prisma.join
export const nothing = Prisma.empty
export type Fragment = Prisma.Sql
