// The database as the feature folders see it: transactions, and the client for single statements. Prisma's types
// stay in the store files.
import { type Connection, type Log, prismaAdapter, transactionTimes } from '@slipway/database'
import { type Prisma, PrismaClient } from './generated/client.ts'

/** What runs statements: the client (each on its own) or a transaction. */
export type Db = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw' | '$queryRawUnsafe'>

export interface ExecutorStore {
  /** For single statements. */
  readonly db: Db
  transact<T>(work: (tx: Db) => Promise<T>): Promise<T>
  /** True if the database answers. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

/** Opens the executors' own database, which must be migrated. */
export function openStore(connection: Connection, log: Log): ExecutorStore {
  const client = new PrismaClient({
    adapter: prismaAdapter(connection, { applicationName: 'slipway-executor', log }),
  })
  return {
    db: client,
    transact: (work) => client.$transaction(work, transactionTimes.normal),
    ping: async () => (await client.$queryRaw<unknown[]>`SELECT 1`).length === 1,
    close: () => client.$disconnect(),
  }
}
