// Prisma's schema engine compiled to WASM, so that nothing is downloaded (the native engine is). Loaded only when a
// migration is to be applied or compared: it costs 40 ms and 25 MB.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaEngine, SchemaFilter } from '@prisma/schema-engine-wasm/schema_engine_bg'
import type { Connection } from '../connections/connection.ts'
import { databaseError, messageOf } from '../errors.ts'
import type { Migration } from './migration-files.ts'
import { type SchemaAdapterOptions, schemaAdapter } from './schema-adapter.ts'

/** TypeScript knows it only with the types of a browser. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object, imports: object): Promise<{ exports: Record<string, unknown> }>
}

type Glue = typeof import('@prisma/schema-engine-wasm/schema_engine_bg')

/** Enough for the engine to know the kind of database; models are not needed to apply migrations. */
const DATASOURCE = 'datasource db {\n  provider = "postgresql"\n}\n'

/** No table is somebody else's. */
export const noFilter: SchemaFilter = { externalTables: [], externalEnums: [] }

let loading: Promise<Glue> | undefined
let lastPanic = ''

async function load(): Promise<Glue> {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bytes = await readFile(script.replace(/\.js$/, '.wasm'))
  const module = await WebAssembly.compile(bytes)
  const { exports } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': withoutHold(glue) })
  glue.__wbg_set_wasm(exports)
  // The engine tells why it panicked through this global, and only through it.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: { set_message: (text: string) => (lastPanic = text) },
  })
  const start = exports['__wbindgen_start']
  if (typeof start === 'function') start()
  return glue
}

/**
 * The engine's time limit for a lock (10 s) is never cleared and would hold up the end of the process for so long.
 * The names end in a hash of the build.
 */
function withoutHold(glue: Glue): Record<string, unknown> {
  const timer = (callback: () => void, ms: number) => setTimeout(callback, ms >>> 0).unref()
  return Object.fromEntries(
    Object.entries(glue).map(([name, value]) => [name, name.startsWith('__wbg_setTimeout_') ? timer : value]),
  )
}

/** Runs `work` with an engine on this database. Engine errors become DATABASE_ENGINE_FAILED. */
export async function withSchemaEngine<T>(
  connection: Connection,
  options: SchemaAdapterOptions,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  loading ??= load()
  const glue = await loading
  lastPanic = ''
  const factory = schemaAdapter(connection, options)
  const opened: { dispose(): Promise<void> }[] = []
  const connect = async () => {
    const adapter = await factory.connect()
    opened.push(adapter)
    return adapter
  }
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory({ ...factory, connect })
    const engine = await glue.SchemaEngine.new(
      { datamodels: [['schema.prisma', DATASOURCE]] },
      ignore,
      adapter,
    )
    return await work(engine)
  } catch (error) {
    throw databaseError('DATABASE_ENGINE_FAILED', [lastPanic || messageOf(error)], error)
  } finally {
    // The engine closes what it opens only when it is collected.
    await Promise.allSettled(opened.map((adapter) => adapter.dispose()))
  }
}

function ignore(): void {}

/** Migrations in the form the engine takes. The directory is only a name to it. */
export function migrationList(migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: '/prisma/migrations',
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  }
}
