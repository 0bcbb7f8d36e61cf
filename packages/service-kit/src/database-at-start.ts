// The database of a service at its start: waited for while it cannot be reached, then migrated.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from './logger.ts'
import type { DatabaseConnection } from './service.ts'

/** Applies the migrations of a folder; what packages/database exports under this name. */
export type Migrate = (options: {
  connection: DatabaseConnection
  migrationsDir: string
  log: Logger
}) => Promise<readonly unknown[]>

interface OpenOptions {
  service: { name: string; databaseFolder?: string; migrate?: Migrate }
  url: string | undefined
  log: Logger
  signal: AbortSignal
}

const RETRY_MS = 1_000
/** Nobody listens, no way there, no such name yet; 57P03: the server is starting; 08…: connection trouble. */
const UNREACHABLE =
  /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOENT|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|57P03|08\w{3})$/

/** Migrates the service's database and says how to reach it; undefined if the service has none. */
export async function openDatabase({ service, url, log, signal }: OpenOptions) {
  const { databaseFolder, migrate } = service
  if (databaseFolder === undefined) return undefined
  if (url === undefined || migrate === undefined) throw new Error(`no database for ${service.name}`)
  const migrationsDir = join(databaseFolder, 'prisma', 'migrations')
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      const applied = await migrate({ connection: url, migrationsDir, log })
      if (applied.length > 0) log.info({ migrations: applied.length }, 'database migrated')
      return url
    } catch (error) {
      if (!isUnreachable(error)) throw error
      // Said once, then now and then: in a deployment databases are often the last to come up.
      if (attempt % 30 === 1) log.warn({ err: error }, 'the database cannot be reached; waiting for it')
      await delay(RETRY_MS, undefined, { signal })
    }
  }
}

/** True if waiting may help; looks at causes and, where several addresses were tried, at each. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && UNREACHABLE.test(String(error.code))) return true
  if (error instanceof AggregateError && error.errors.some(isUnreachable)) return true
  return isUnreachable(error.cause)
}
