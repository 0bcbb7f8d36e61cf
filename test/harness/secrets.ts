// Looks for passwords wherever they must not be: as they are, percent-encoded, in Base64.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findSocket, query } from './database.ts'

/** All spellings in which a secret could leak. */
function spellings(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  return [...new Set([secret, encodeURIComponent(secret), base64, Buffer.from(secret).toString('hex')])]
}

/** The secrets that stand in the text. */
export function findSecrets(text: string, secrets: string[]): string[] {
  return secrets.filter((secret) => spellings(secret).some((spelling) => text.includes(spelling)))
}

/** Files below a folder that hold a secret, but for the named folders. */
findSecrets.inFiles = (folder: string, secrets: string[], except: string[] = []): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (except.includes(entry.name)) return []
    if (entry.isDirectory()) return findSecrets.inFiles(path, secrets)
    return entry.isFile() && findSecrets(readFileSync(path, 'latin1'), secrets).length > 0 ? [path] : []
  })

/** Tables of the embedded databases of a data directory that hold a secret: every row is read as text. */
findSecrets.inDatabases = async (dataDir: string, secrets: string[]): Promise<string[]> => {
  const socket = findSocket(dataDir)
  const databases = await query(
    socket,
    'postgres',
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'slipway%'`,
  )
  if (databases.length === 0) throw new Error('there is no database to look into')
  const found: string[] = []
  for (const { name: database = '' } of databases) {
    const tables = await query(
      socket,
      database,
      `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    )
    for (const { name: table = '' } of tables) {
      const rows = await query(socket, database, `SELECT x::text AS name FROM ${table} x`)
      if (findSecrets(rows.map(({ name }) => name).join('\n'), secrets).length > 0)
        found.push(`${database} ${table}`)
    }
  }
  return found
}
