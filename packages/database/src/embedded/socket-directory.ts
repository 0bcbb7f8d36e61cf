// The server is reached through a Unix socket in a directory that only its user can enter. The path of a socket is
// limited (108 bytes on Linux, 104 on macOS), so a deep data directory gets a short temporary one.
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canReach } from './placement.ts'
import type { RunUser } from './run-user.ts'

const LONGEST_SOCKET_PATH = 100
/** What can stand in unix_socket_directories and in a shell word without quotes. */
const PLAIN_PATH = /^[A-Za-z0-9/._-]+$/
const RECORD = 'socket-directory'

function fits(directory: string): boolean {
  return PLAIN_PATH.test(directory) && Buffer.byteLength(`${directory}/.s.PGSQL.65535`) <= LONGEST_SOCKET_PATH
}

/** Makes the directory for the socket. @param home the directory of the database */
export async function makeSocketDirectory(home: string, user: RunUser | undefined): Promise<string> {
  await removeSocketDirectory(home)
  const inside = join(home, 'run')
  const directory = fits(inside) ? inside : await makeTemporary(user)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  if (user !== undefined) await chown(directory, user.uid, user.gid)
  await writeFile(join(home, RECORD), `${directory}\n`)
  return directory
}

async function makeTemporary(user: RunUser | undefined): Promise<string> {
  const base = tmpdir()
  const usable = fits(join(base, 'slipway-XXXXXX')) && (user === undefined || (await canReach(base, user)))
  return mkdtemp(join(usable ? base : '/tmp', 'slipway-'))
}

/** The directory of the last start; undefined after a stop. */
export async function readSocketDirectory(home: string): Promise<string | undefined> {
  const directory = (await readFile(join(home, RECORD), 'utf8').catch(() => '')).trim()
  return directory === '' ? undefined : directory
}

/** Removes the directory of the last start, also after a SIGKILL. */
export async function removeSocketDirectory(home: string): Promise<void> {
  const directory = await readSocketDirectory(home)
  if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  await rm(join(home, RECORD), { force: true })
}
