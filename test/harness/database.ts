// The embedded databases of a data directory, looked into (or broken) from outside.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

/** The rows of a table of the embedded databases of a data directory. */
export function readTable(dataDir: string, database: string, sql: string): Promise<Record<string, string>[]> {
  return query(findSocket(dataDir), database, sql)
}

/** Runs a statement in one of the databases of a running Slipway. */
export async function query(host: string, database: string, sql: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ host, port: 5432, user: 'slipway', database })
  await client.connect()
  try {
    return (await client.query<Record<string, string>>(sql)).rows
  } finally {
    await client.end()
  }
}

/** The server's socket directory stands in the fifth line of its postmaster.pid. */
export function findSocket(dataDir: string): string {
  const pidFile = readFileSync(join(dataDir, 'postgres', 'pgdata', 'postmaster.pid'), 'utf8')
  const directory = pidFile.split('\n')[4]
  if (!directory) throw new Error('the database does not run')
  return directory
}
