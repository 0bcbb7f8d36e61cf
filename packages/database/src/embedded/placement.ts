// Where database and binaries stand. Normally the database is in the data directory and the binaries are in
// node_modules. Started as root, PostgreSQL runs as another user, who cannot enter a home like /root (mode 0700);
// then both are placed below /var/lib/slipway, and a file in the data directory says where. The place has a random
// name: whoever deletes the data directory gets an empty database, as everywhere else.
import { randomUUID } from 'node:crypto'
import { chmod, chown, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type DatabaseError, databaseError, messageOf } from '../errors.ts'
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
    throw failed(dataDir, user, home, 'the user cannot enter it either')
  }
  if (user !== undefined) await chown(home, user.uid, user.gid)
  if (user !== undefined || (await stat(home)).uid === process.getuid?.()) await chmod(home, 0o700)
  return home
}

async function chooseHome(dataDir: string, user: RunUser | undefined, root: string): Promise<string> {
  const known = await existingHome(dataDir)
  if (known !== dataDir) {
    // Its container was made anew, or somebody tidied up. To begin an empty database without a word would be worse.
    if (!(await exists(known))) throw databaseError('DATABASE_PLACE_LOST', [known, dataDir, MARKER])
    return known
  }
  if (user === undefined || (await canReach(dirname(dataDir), user))) return dataDir
  // Never begin an empty database elsewhere because a directory above the old one was closed.
  if (await exists(join(dataDir, 'pgdata'))) throw failed(dataDir, user, root, 'a database is there')
  try {
    const home = join(root, randomUUID())
    await makeRoot(root)
    await mkdir(home)
    await mark(dataDir, home)
    return await existingHome(dataDir)
  } catch (error) {
    throw failed(dataDir, user, root, messageOf(error), error)
  }
}

function failed(
  place: string,
  user: RunUser,
  instead: string,
  reason: string,
  cause?: unknown,
): DatabaseError {
  return databaseError('DATABASE_PLACEMENT_FAILED', [place, user.uid, instead, reason], cause)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Open for others to pass, also where the umask of root is a narrow one. */
async function makeRoot(root: string): Promise<void> {
  await mkdir(root, { recursive: true })
  await chmod(root, 0o755)
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
    await makeRoot(root)
    await copyBinaries(binaries, copy)
    return copy
  } catch (error) {
    throw failed(binaries.directory, user, root, messageOf(error), error)
  }
}
