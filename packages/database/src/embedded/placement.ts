// Where database and binaries stand. Normally the database is in the data directory and the binaries are in
// node_modules. Started as root, PostgreSQL runs as another user, who cannot enter a home like /root (mode 0700);
// then both are placed below /var/lib/slipway, and a file in the data directory says where. The place has a random
// name: whoever deletes the data directory gets an empty database, as everywhere else.
import { randomUUID } from 'node:crypto'
import { chmod, chown, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { databaseError, messageOf } from '../errors.ts'
import { type Binaries, copyBinaries } from './binaries.ts'
import type { RunUser } from './run-user.ts'

const MARKER = 'placed-at'

/** True if the user can pass through every directory down to this path. */
export async function canReach(path: string, user: RunUser): Promise<boolean> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const found = await stat(at).catch(() => undefined)
    if (found === undefined) continue
    const shift = found.uid === user.uid ? 6 : found.gid === user.gid ? 3 : 0
    // Directories must be passed (x), the file at the end must be read (r): 5 asks for both.
    const needed = found.isDirectory() ? 1 : 4
    if (((found.mode >> shift) & needed) !== needed) return false
  }
  return true
}

/** The directory that holds the database of a data directory: it, or the place its marker names. */
export async function existingHome(dataDir: string): Promise<string> {
  const marked = await readFile(join(dataDir, MARKER), 'utf8').catch(() => '')
  return marked.trim() === '' ? dataDir : marked.trim()
}

/** Makes the directory for the database, where the user can enter it, owned by the user with mode 0700. */
export async function placeHome(dataDir: string, user: RunUser | undefined, root: string): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const home = await chooseHome(dataDir, user, root)
  if (user !== undefined && !(await canReach(dirname(home), user))) {
    const params = [dataDir, user.uid, home, 'the user cannot enter it either']
    throw databaseError('DATABASE_PLACEMENT_FAILED', params)
  }
  if (user !== undefined) await chown(home, user.uid, user.gid)
  if (user !== undefined || (await stat(home)).uid === process.getuid?.()) await chmod(home, 0o700)
  return home
}

async function chooseHome(dataDir: string, user: RunUser | undefined, root: string): Promise<string> {
  const known = await existingHome(dataDir)
  if (known === dataDir && (user === undefined || (await canReach(dirname(dataDir), user)))) return dataDir
  const home = known === dataDir ? join(root, randomUUID()) : known
  // Never begin an empty database elsewhere because a directory above the old one was closed.
  if (known === dataDir && (await stat(join(dataDir, 'pgdata')).catch(() => undefined)) !== undefined) {
    throw databaseError('DATABASE_PLACEMENT_FAILED', [dataDir, user?.uid ?? '', root, 'a database is there'])
  }
  try {
    await mkdir(home, { recursive: true, mode: 0o755 })
    if (known === dataDir) await mark(dataDir, home)
    return await existingHome(dataDir)
  } catch (error) {
    throw databaseError(
      'DATABASE_PLACEMENT_FAILED',
      [dataDir, user?.uid ?? '', root, messageOf(error)],
      error,
    )
  }
}

/** Writes the marker whole or not at all; of two processes at once, the first wins. */
async function mark(dataDir: string, home: string): Promise<void> {
  const part = join(dataDir, `${MARKER}.${process.pid}`)
  await writeFile(part, `${home}\n`)
  await writeFile(join(home, 'placed-for'), `${dataDir}\n`)
  await link(part, join(dataDir, MARKER)).catch(() => rm(home, { recursive: true, force: true }))
  await rm(part, { force: true })
}

/** The binaries where the user can run them: as installed, or a copy below `root`. */
export async function placeBinaries(
  binaries: Binaries,
  user: RunUser | undefined,
  root: string,
): Promise<string> {
  const probe = join(binaries.directory, 'share', 'postgresql', 'postgres.bki')
  if (user === undefined || (await canReach(probe, user))) return binaries.directory
  const copy = join(root, `postgresql-${binaries.version}`)
  try {
    await copyBinaries(binaries, copy)
    return copy
  } catch (error) {
    const params = [binaries.directory, user.uid, root, messageOf(error)]
    throw databaseError('DATABASE_PLACEMENT_FAILED', params, error)
  }
}
