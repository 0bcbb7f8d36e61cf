// An open file of the store. Node's FileHandle would take a turn through the thread pool for each look and each close,
// which for small files costs more than everything else together.
import {
  type BigIntStats,
  close,
  closeSync,
  fchmod,
  fstat,
  fstatSync,
  open as openWithCallback,
  read,
  readv,
} from 'node:fs'
import { promisify } from 'node:util'

/** Opens by path and flags; whoever does it closes the descriptor. Errors: the system's. */
export const openDescriptor: (path: string, flags: number) => Promise<number> = promisify(openWithCallback)

/** What reading a file needs; a FileHandle has it, too. */
export interface ByteSource {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
}

export interface StoreFile extends ByteSource {
  /** Fills buffers one after the other from a position, with one turn through the thread pool; answers the bytes. */
  readv(buffers: readonly Buffer[], position: number): Promise<number>
  /** As it was when it was opened. */
  readonly stats: BigIntStats
  /** As it is now. */
  stat(): Promise<BigIntStats>
  /** The same without waiting, for a file that was opened a moment ago: the system knows without asking a disk. */
  statNow(): BigIntStats
  chmod(mode: number): Promise<void>
  /** May be called again. What is being read meanwhile is read to its end first. */
  close(): void
}

/** The last close of a large file that was deleted frees its room, which takes a disk its time; of a small one, none. */
const CLOSED_AT_ONCE_BYTES = 1_048_576

/** Opens a file. Errors: the system's. */
export async function openStoreFile(path: string, flags: number): Promise<StoreFile> {
  const descriptor = await openDescriptor(path, flags)
  try {
    // Of a file that was just opened the system knows this without asking a disk or a server.
    return createStoreFile(descriptor, fstatSync(descriptor, { bigint: true }))
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function createStoreFile(descriptor: number, stats: BigIntStats): StoreFile {
  let reading = 0
  let isOpen = true
  let isClosed = false
  /** A number that was closed may be another file's by now: it is never used again, and never closed under a read. */
  function closeOnce(): void {
    if (isClosed || reading > 0) return
    isClosed = true
    if (stats.size <= CLOSED_AT_ONCE_BYTES) closeSync(descriptor)
    else close(descriptor, () => undefined)
  }
  function use<T>(work: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
    if (!isOpen) return Promise.reject(new Error('The file is closed.'))
    reading += 1
    return new Promise((resolve, reject) => {
      work((error, value) => {
        reading -= 1
        if (!isOpen) closeOnce()
        if (error === null) resolve(value)
        else reject(error)
      })
    })
  }
  return {
    stats,
    read: (buffer, offset, length, position) =>
      use((done) =>
        read(descriptor, buffer, offset, length, position, (error, bytesRead) => done(error, { bytesRead })),
      ),
    readv: (buffers, position) => use((done) => readv(descriptor, buffers, position, done)),
    stat: () => use((done) => fstat(descriptor, { bigint: true }, done)),
    statNow() {
      if (!isOpen) throw new Error('The file is closed.')
      return fstatSync(descriptor, { bigint: true })
    },
    chmod: (mode) => use((done) => fchmod(descriptor, mode, (error) => done(error, undefined))),
    close() {
      isOpen = false
      closeOnce()
    },
  }
}
