// PostgreSQL refuses to run as root. As root it runs as the user `postgres` if the machine has one, else as `nobody`;
// a database that is already there runs as its owner. Users are never created.
import { execFile } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { databaseError } from '../errors.ts'

const run = promisify(execFile)

/** Whose rights the server has; only set if they are not those of this process. */
export interface RunUser {
  readonly uid: number
  readonly gid: number
}

/** The user for the database below this directory; undefined: the user of this process. */
export async function chooseUser(home: string): Promise<RunUser | undefined> {
  const owner = await stat(join(home, 'pgdata')).catch(() => undefined)
  const me = process.getuid?.()
  if (me !== 0) {
    await checkOwner(home, owner?.uid, me ?? -1)
    return undefined
  }
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  return (await lookUp('postgres')) ?? (await lookUp('nobody')) ?? noUser()
}

/** The owner is unknown if the database is not there yet or its directory cannot be entered. */
async function checkOwner(home: string, owner: number | undefined, me: number): Promise<void> {
  if (owner === me) return
  if (owner !== undefined) throw databaseError('DATABASE_OWNER', [home, owner, me])
  const found = await stat(home).catch(() => undefined)
  const usable = await access(home, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (found !== undefined && !usable) throw databaseError('DATABASE_OWNER', [home, found.uid, me])
}

function noUser(): never {
  throw databaseError('DATABASE_NO_USER')
}

async function lookUp(name: string): Promise<RunUser | undefined> {
  try {
    const uid = Number((await run('id', ['-u', name])).stdout)
    const gid = Number((await run('id', ['-g', name])).stdout)
    return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined
  } catch {
    return undefined
  }
}
