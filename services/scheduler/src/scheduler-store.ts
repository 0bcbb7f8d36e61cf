// The database as the feature folders see it: transactions, and the client for single statements. Prisma's types
// stay in the store files.
import { type Connection, type Log, prismaAdapter, retryLost, transactionTimes } from '@slipway/database'
import { type Prisma, PrismaClient } from './generated/client.ts'

/** What runs statements: the client (each on its own) or a transaction. */
export type Db = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw' | '$queryRawUnsafe'>

export interface SchedulerStore {
  /** For single statements. */
  readonly db: Db
  /** Runs `work` in one transaction, again if it lost a race. `bulk` ones may take minutes. */
  transact<T>(work: (tx: Db) => Promise<T>, kind?: keyof typeof transactionTimes): Promise<T>
  /** True if the database answers. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

/** The store over a client. */
export function createStore(client: PrismaClient): SchedulerStore {
  return {
    db: client,
    // Locks are taken in one order, so races should not be lost; if one is, the transaction runs again.
    transact: (work, kind = 'normal') => retryLost(() => client.$transaction(work, transactionTimes[kind])),
    ping: async () => (await client.$queryRaw<unknown[]>`SELECT 1`).length === 1,
    close: () => client.$disconnect(),
  }
}

/** Opens the scheduler's own database, which must be migrated. */
export function openStore(connection: Connection, log: Log): SchedulerStore {
  const adapter = prismaAdapter(connection, { applicationName: 'slipway-scheduler', log })
  return createStore(new PrismaClient({ adapter }))
}

/** Jobs are counted with 64 bits in SQL and as numbers in messages: 2^53 of them are enough. */
export const toJobId = (id: bigint): number => Number(id)
