// What a service is to whoever runs it: standalone composition root, its own process, or a test.

import type { Static, TObject } from '@sinclair/typebox'
import type { Bus } from '@slipway/bus'
import type { Context } from '@slipway/contracts'
import type { FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { Metrics } from './metrics.ts'

/** Where a service's database is: a URL (`postgresql://…?sslmode=require`) or what `pg` takes as settings. */
export type DatabaseConnection =
  | string
  | { host: string; port: number; user: string; password?: string; database: string }

/** Everything a service is given; it reaches for nothing else. */
export interface ServiceDeps<C> {
  bus: Bus
  /** Its own database, migrated before `create` is called. Absent for services that have none. */
  database?: DatabaseConnection
  log: Logger
  clock: Clock
  /** The process's registry; absent: what the service counts is seen by nobody. */
  metrics?: Metrics
  config: C
}

/** A service that runs. */
export interface RunningService {
  /** True when it can do its work now; asked by /readyz. */
  ready(): boolean | Promise<boolean>
  /** Stops in order: takes no new work, finishes or hands over what runs, closes what it opened. Idempotent. */
  stop(): Promise<void>
  /** Byte routes over HTTP, mounted by the gateway (standalone) or served by its own process (cluster). */
  routes?: FastifyPluginAsync
  /** Where users reach it over HTTP, if they do. */
  readonly address?: string
}

/** A table with columns that are sealed with the master key; `npm run rekey` knows of sealed values from here only. */
export interface SealedTable {
  /** Also the table of the place for which a value is sealed. */
  readonly table: string
  /** The column that stands as row in the place, and its type. */
  readonly key: { readonly column: string; readonly type: 'uuid' | 'text' }
  /** Columns, and the field of the place of each. */
  readonly columns: readonly { readonly column: string; readonly field: string }[]
}

/** What a service package exports. */
export interface ServiceDefinition<S extends TObject = TObject> {
  name: Context
  /** Settings read from the environment by whoever runs it; one schema, see loadConfig. */
  configSchema: S
  /** Absolute folder that holds prisma/schema.prisma and prisma/migrations; absent if it has no database. */
  databaseFolder?: string
  /** Where its database holds sealed values; absent if nowhere. */
  sealedTables?: readonly SealedTable[]
  create(deps: ServiceDeps<Static<S>>): Promise<RunningService>
}
