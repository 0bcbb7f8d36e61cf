import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseError, messageOf } from '../errors.ts'

/** One directory of `prisma/migrations`. */
export interface Migration {
  /** `20260801120000_add_hosts`; the order of the names is the order of the migrations. */
  readonly name: string
  readonly sql: string
  /** SHA-256 of the file, as Prisma records it. */
  readonly checksum: string
}

/** Reads all migrations, oldest first. Fails with DATABASE_MIGRATION_UNREADABLE. */
export async function readMigrations(migrationsDir: string): Promise<Migration[]> {
  try {
    const entries = await readdir(migrationsDir, { withFileTypes: true })
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
    return await Promise.all(names.sort().map((name) => readMigration(migrationsDir, name)))
  } catch (error) {
    throw databaseError('DATABASE_MIGRATION_UNREADABLE', [migrationsDir, messageOf(error)], error)
  }
}

async function readMigration(migrationsDir: string, name: string): Promise<Migration> {
  const content = await readFile(join(migrationsDir, name, 'migration.sql'))
  return {
    name,
    sql: content.toString('utf8'),
    checksum: createHash('sha256').update(content).digest('hex'),
  }
}
