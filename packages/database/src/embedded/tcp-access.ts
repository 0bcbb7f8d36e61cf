// The embedded PostgreSQL over TCP, for the cluster shape on one machine: only 127.0.0.1, and only with a password
// that is made at each start and kept in memory. The socket stays as it is: its directory is its lock.
import { randomBytes } from 'node:crypto'
import { chown, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { SUPERUSER } from './cluster.ts'
import type { RunUser } from './run-user.ts'

export interface TcpAccess {
  /** Writes who may connect how, beside the socket. @returns the server's settings */
  prepare(socketDirectory: string, user: RunUser | undefined): Promise<Record<string, string>>
  /** Sets this start's password; the one before is void, so that what a killed run left behind is shut out. */
  setPassword(client: pg.Client): Promise<void>
  /** A URL with the password. */
  url(database: string): string
}

const DEFAULT_PORT = 5432
const RULES = `# who  database  user  address  how
local all all trust
host all all 127.0.0.1/32 scram-sha-256
`

export function createTcpAccess(port: number): TcpAccess {
  // Letters and digits only: it stands in a statement and in URLs.
  const password = randomBytes(24).toString('hex')
  return {
    async prepare(socketDirectory, user) {
      // The socket's directory has a path without blanks, which could not be handed to pg_ctl.
      const file = join(socketDirectory, 'access.conf')
      await writeFile(file, RULES, { mode: 0o600 })
      if (user !== undefined) await chown(file, user.uid, user.gid)
      // A port also names the socket; under the usual name it stays what psql and pg_dump look for.
      if (port !== DEFAULT_PORT) {
        await symlink(`.s.PGSQL.${port}`, join(socketDirectory, `.s.PGSQL.${DEFAULT_PORT}`))
      }
      return { listen_addresses: '127.0.0.1', port: String(port), hba_file: file }
    },
    async setPassword(client) {
      await client.query(`ALTER ROLE ${SUPERUSER} PASSWORD '${password}'`)
    },
    url: (database) =>
      `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
  }
}
