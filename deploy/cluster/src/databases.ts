// The databases of the cluster on one machine: what <SERVICE>_DATABASE_URL names, else one embedded PostgreSQL.
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@slipway/database'
import type { Environment, Logger } from '@slipway/service-kit'
import { type DatabaseOwner, databaseOwners } from './topology.ts'

export interface ClusterDatabases {
  /** With the password of this start. */
  url(service: DatabaseOwner): string
  /** Where they are, in words. */
  description: string
  /** True if nobody but us can work on them. */
  exclusive: boolean
  stop(): Promise<void>
}

interface DatabasesOptions {
  env: Environment
  dataDir: string
  port: number
  log: Logger
  onProgress(text: string): void
}

export const databaseVariable = (service: DatabaseOwner) => `${service.toUpperCase()}_DATABASE_URL`

/** Starts what has to be started and makes the databases; the services migrate them. */
export async function openDatabases(options: DatabasesOptions): Promise<ClusterDatabases> {
  const { env, log, onProgress, port } = options
  const given = new Map(databaseOwners.map((service) => [service, env[databaseVariable(service)] ?? '']))
  const missing = databaseOwners.filter((service) => given.get(service) === '')
  if (missing.length === 0) {
    const url = (service: DatabaseOwner) => given.get(service) ?? ''
    return { url, description: 'as the settings say', exclusive: false, stop: async () => undefined }
  }
  const server = await startEmbeddedPostgres({
    dataDir: join(options.dataDir, 'postgres'),
    tcpPort: port,
    log,
    onProgress,
  })
  try {
    for (const service of missing) await server.ensureDatabase(`slipway_${service}`)
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    url: (service) => given.get(service) || (server.tcpUrl(`slipway_${service}`) ?? ''),
    description: `embedded PostgreSQL in ${server.home}, 127.0.0.1:${port}, process ${server.pid}`,
    exclusive: missing.includes('executor'),
    stop: () => server.stop(),
  }
}
