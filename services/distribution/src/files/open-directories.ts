// Directories of the store stay open for a moment, so that a download in a directory that is asked for often opens the
// file only. A file is always opened below such a descriptor. What is published or deleted here is seen at once; a
// directory that somebody moves away by hand is served from for that moment still.
import { closeSync } from 'node:fs'
import { openDescriptor } from './store-file.ts'
import { codeOf } from './system-errors.ts'

export interface OpenDirectories {
  /** Works with an open directory. Errors: the system's, and those of the work. */
  use<T>(path: string, work: (descriptor: number) => Promise<T>): Promise<T>
  /** The next use opens it anew. */
  forget(path: string): void
  /** Closes all; those that are in use when their work is done. */
  close(): void
}

interface Entry {
  readonly opening: Promise<number>
  readonly timer: NodeJS.Timeout
  /** It is closed when nobody uses it and nobody is given it any more: its number may be another's then. */
  users: number
  isCurrent: boolean
}

const KEEP_MS = 1_000

/** @param flags to open with */
export function createOpenDirectories(flags: number): OpenDirectories {
  const entries = new Map<string, Entry>()

  function start(path: string): Entry {
    const timer = setTimeout(() => drop(path, entry), KEEP_MS).unref()
    const entry: Entry = { opening: openDescriptor(path, flags), timer, users: 0, isCurrent: true }
    entries.set(path, entry)
    return entry
  }
  function drop(path: string, entry: Entry): void {
    if (!entry.isCurrent) return
    entry.isCurrent = false
    entries.delete(path)
    clearTimeout(entry.timer)
    closeUnused(entry)
  }
  async function within<T>(path: string, entry: Entry, work: (descriptor: number) => Promise<T>): Promise<T> {
    entry.users += 1
    try {
      return await work(await entry.opening)
    } catch (error) {
      // It could not be opened, or another directory stands there by now.
      if (codeOf(error) === 'ENOENT' || !(await isOpen(entry))) drop(path, entry)
      throw error
    } finally {
      entry.users -= 1
      closeUnused(entry)
    }
  }
  return {
    async use(path, work) {
      const known = entries.get(path)
      if (known === undefined) return within(path, start(path), work)
      try {
        return await within(path, known, work)
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
        return within(path, entries.get(path) ?? start(path), work)
      }
    },
    forget(path) {
      const known = entries.get(path)
      if (known !== undefined) drop(path, known)
    },
    close() {
      for (const [path, entry] of entries) drop(path, entry)
    },
  }
}

function closeUnused({ isCurrent, users, opening }: Entry): void {
  if (isCurrent || users > 0) return
  opening.then(closeSync).catch(() => undefined)
}

const isOpen = ({ opening }: Entry) =>
  opening.then(
    () => true,
    () => false,
  )
