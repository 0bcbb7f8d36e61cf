export {
  type Connection,
  checkEncoding,
  clientConfig,
  inDatabase,
  withClient,
} from './connections/connection.ts'
export { type CopyCell, type CopyClient, copyLine, copyRows } from './connections/copy.ts'
export { jsonRows } from './connections/json-rows.ts'
export {
  type ConnectionPool,
  createPool,
  type PoolClient,
  type PoolOptions,
  prismaAdapter,
  transactionTimes,
} from './connections/pool.ts'
export {
  isDataError,
  isDuplicate,
  isLostRace,
  isReferenceError,
  retryLost,
  sqlState,
} from './connections/sql-state.ts'
export { bigintTypes, inPoolTransaction } from './connections/transaction.ts'
export { asUnavailable } from './connections/unavailable.ts'
export { pruneInbox, recordOnce } from './deliveries/inbox.ts'
export {
  enqueue,
  enqueueMany,
  enqueueTexts,
  type NewDelivery,
  type OutboxStats,
  outboxStats,
  type TextDelivery,
} from './deliveries/outbox.ts'
export { createRelay, type Relay } from './deliveries/relay.ts'
export type { OutgoingDelivery, RelayOptions } from './deliveries/relay-settings.ts'
export type { SqlExecutor } from './deliveries/sql-executor.ts'
export { type DirectoryLock, lockDirectory } from './embedded/directory-lock.ts'
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  findEmbeddedPostgres,
  startEmbeddedPostgres,
} from './embedded/embedded-postgres.ts'
export { ensureDatabase } from './embedded/ensure-database.ts'
export { processIdentity } from './embedded/process-identity.ts'
export {
  type DatabaseError,
  type DatabaseErrorCode,
  databaseErrorMessages,
  hasDatabaseCode,
} from './errors.ts'
export type { Log } from './log.ts'
export { type MigrateOptions, migrate } from './migrations/migrate.ts'
export { type Migration, readMigrations } from './migrations/migration-files.ts'
