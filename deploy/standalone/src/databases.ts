// Databases of the services: one embedded server, or what <SERVICE>_DATABASE_URL names.
import { join } from 'node:path'
import { type EmbeddedPostgres, migrate, startEmbeddedPostgres } from '@slipway/database'
import type { DatabaseConnection, Environment, Logger, ServiceDefinition } from '@slipway/service-kit'

export interface Databases {
  /** By service name. */
  connections: Map<string, DatabaseConnection>
  /** Where they are, for the start-up lines. */
  description: string
  stop(): Promise<void>
}

type Owner = Pick<ServiceDefinition, 'name' | 'databaseFolder'>

interface DatabasesOptions {
  services: readonly Owner[]
  env: Environment
  dataDir: string
  log: Logger
  onProgress(text: string): void
}

/** Starts what has to be started and migrates every database. */
export async function openDatabases(options: DatabasesOptions): Promise<Databases> {
  const owners = options.services.filter((service) => service.databaseFolder !== undefined)
  const embedded = owners.every((service) => urlOf(service, options.env) !== undefined)
    ? undefined
    : await startEmbeddedPostgres({
        dataDir: join(options.dataDir, 'postgres'),
        log: options.log,
        onProgress: options.onProgress,
      })
  try {
    const opened = await Promise.all(
      owners.map(async (service) => [service.name, await open(service, embedded, options)] as const),
    )
    return {
      connections: new Map(opened),
      description: embedded ? `embedded PostgreSQL in ${embedded.home}` : 'as the settings say',
      stop: async () => embedded?.stop(),
    }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

async function open(
  service: Owner,
  embedded: EmbeddedPostgres | undefined,
  { env, log, onProgress }: DatabasesOptions,
): Promise<DatabaseConnection> {
  const connection = urlOf(service, env) ?? (await prepareEmbedded(service, embedded))
  const folder = join(service.databaseFolder ?? '', 'prisma', 'migrations')
  const applied = await migrate({ connection, migrationsDir: folder, log })
  if (applied.length > 0) onProgress(`database of ${service.name}: ${applied.length} migration(s) applied`)
  return connection
}

async function prepareEmbedded(
  service: Owner,
  embedded: EmbeddedPostgres | undefined,
): Promise<DatabaseConnection> {
  if (!embedded) throw new Error(`no database for ${service.name}`)
  const name = `slipway_${service.name}`
  await embedded.ensureDatabase(name)
  const { host = '', port = 5432, user = '' } = embedded.connection(name)
  return { host, port, user, database: name }
}

const urlOf = (service: Owner, env: Environment) =>
  env[`${service.name.toUpperCase()}_DATABASE_URL`] || undefined
