// Opening files of the store. Nothing outside of it is ever opened: a directory and a file are opened one after the
// other, each without following symbolic links, the second through the descriptor of the first, so that nothing
// can be swapped in between. Without blocking: a FIFO has no writer. What counts is what the descriptor says.
import { type BigIntStats, constants, existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DistributionName } from '@slipway/contracts'
import type { IndexedFile } from './indexed-file.ts'
import { createOpenDirectories } from './open-directories.ts'
import { openStoreFile, type StoreFile } from './store-file.ts'
import { codeOf, unless } from './system-errors.ts'

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants
const DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
const DESCRIPTORS = '/proc/self/fd'
/** Other systems than Linux have no way to a file below an open directory; there the path is taken again. */
const hasDescriptors = existsSync(DESCRIPTORS)

/** Holds what is being published; on the file system of the store, so that a rename is one step. */
export const incomingFolder = '.incoming'

export interface StoreFolder {
  readonly root: string
  /** Makes what is missing of it. */
  prepare(): Promise<void>
  /** Opens a regular file for reading; undefined if there is none, or none that may be read. Close it. */
  openFile(name: DistributionName): Promise<StoreFile | undefined>
  /** Works with a path below a directory that is surely the store's own; undefined if there is no such directory. */
  inDirectory<T>(
    directory: string,
    work: (path: string, handle: FileHandle) => Promise<T>,
  ): Promise<T | undefined>
  /** Names in the root, or in a directory; undefined if that is none of ours. */
  list(directory?: string): Promise<{ name: string; isDirectory: boolean }[] | undefined>
  /** Makes a directory unless it is there. */
  makeDirectory(directory: string): Promise<void>
  /** Lets go of what is kept open for a moment. */
  close(): void
}

export function createStoreFolder(root: string): StoreFolder {
  const directories = createOpenDirectories(DIRECTORY)
  async function inDirectory<T>(
    directory: string,
    work: (path: string, handle: FileHandle) => Promise<T>,
  ): Promise<T | undefined> {
    const path = join(root, directory)
    const handle = await orNothing(open(path, DIRECTORY))
    if (handle === undefined) return undefined
    try {
      return await work(below(path, handle.fd), handle)
    } finally {
      await handle.close()
      directories.forget(path)
    }
  }
  return {
    root,
    inDirectory,
    async prepare() {
      await mkdir(join(root, incomingFolder), { recursive: true, mode: 0o700 })
    },
    openFile({ directory, file }) {
      const path = join(root, directory)
      const opened = directories.use(path, (descriptor) =>
        openStoreFile(`${below(path, descriptor)}/${file}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
      )
      return orNothing(opened.then(keepRegular))
    },
    async list(directory) {
      const read = async (path: string) => {
        const entries = await readdir(path, { withFileTypes: true })
        return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
      }
      return directory === undefined ? read(root) : inDirectory(directory, read)
    },
    close: directories.close,
    async makeDirectory(directory) {
      await mkdir(join(root, directory), { mode: 0o755 }).catch(unless('EEXIST'))
    },
  }
}

/** The path of an open directory, whatever stands at its place by now. */
const below = (path: string, descriptor: number) => (hasDescriptors ? `${DESCRIPTORS}/${descriptor}` : path)

function keepRegular(file: StoreFile): StoreFile | undefined {
  if (file.stats.isFile()) return file
  file.close()
  return undefined
}

/** What an open meets that is not there, not ours to read, not what it should be, or a device without a driver. */
const ABSENT = new Set([
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'EACCES',
  'EPERM',
  'ENXIO',
  'ENODEV',
  'ENAMETOOLONG',
  'EISDIR',
])

async function orNothing<T>(opened: Promise<T>): Promise<T | undefined> {
  try {
    return await opened
  } catch (error) {
    if (ABSENT.has(codeOf(error))) return undefined
    throw error
  }
}

/** Tells one content from another, without reading it. */
export function identityOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino}:${size}:${mtimeNs}:${ctimeNs}`
}

/** True if what is known of a file is true of the one that is open. */
export function isCurrent(
  known: IndexedFile | undefined,
  { stats }: Pick<StoreFile, 'stats'>,
): known is IndexedFile {
  return known !== undefined && known.identity === identityOf(stats)
}

/** True if two identities differ at most in the change time, as before and after a rename or a change of modes. */
export function isSameContent(one: string, other: string): boolean {
  return withoutChangeTime(one) === withoutChangeTime(other)
}

const withoutChangeTime = (identity: string) => identity.split(':').slice(0, 3).join(':')
