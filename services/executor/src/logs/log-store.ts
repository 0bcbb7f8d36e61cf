// Where the bytes of session logs are: below SLIPWAY_LOG_DIR, one folder per job and attempt, a shared volume in the
// cluster. Folders are 0700 and files 0600: routers print configurations into them. An object store would be another
// driver of the same interface.
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, open as openFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { LineLog } from '@slipway/contracts'
import { type LoggedFile, uniqueName } from './log-names.ts'

/** The raw terminal stream. */
export const TERMINAL_LOG = 'session.log'
/** What the actions and checks did. */
export const STEPS_LOG = 'plugins.log'

/** How long the logs with lines are, in bytes. */
export type LogLengths = Readonly<Record<LineLog, number>>

/** The log of one attempt while it is being written. A full disk loses log lines, never the run. */
export interface AttemptLog {
  terminal(bytes: Buffer): void
  step(line: string): void
  /** With what is still on its way to the disk. */
  lengths(): LogLengths
  /** Writes a whole file under this name, or a numbered one if it is taken. @returns the name used */
  file(name: string, content: string): Promise<string>
  close(): Promise<void>
}

export interface StoredFile extends LoggedFile {
  readonly size: number
}

/** Bytes of a file, and how long the file was. */
export interface Slice {
  readonly bytes: Buffer
  readonly size: number
}

export interface LogStore {
  open(jobId: number, attempt: number): Promise<AttemptLog>
  list(jobId: number): Promise<StoredFile[]>
  stream(jobId: number, file: LoggedFile): Readable
  text(jobId: number, file: LoggedFile): Promise<string>
  /** A piece of a file that may still grow; a file that is not there (yet) is empty. */
  slice(jobId: number, file: LoggedFile, offset: number, length: number): Promise<Slice>
  remove(jobIds: readonly number[]): Promise<void>
}

/**
 * The driver for a directory.
 * @param lost called when something could not be written
 * @param written called when more of a job's terminal or steps can be read
 */
export function createFileLogStore(
  directory: string,
  lost: (error: unknown) => void,
  written: (jobId: number) => void = () => undefined,
): LogStore {
  const folderOf = (jobId: number, attempt?: number) =>
    join(directory, String(jobId), ...(attempt === undefined ? [] : [String(attempt)]))
  const pathOf = (jobId: number, file: LoggedFile) => join(folderOf(jobId, file.attempt), file.name)
  return {
    async open(jobId, attempt) {
      const folder = folderOf(jobId, attempt)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const lengths = {
        steps: await sizeOf(join(folder, STEPS_LOG)),
        terminal: await sizeOf(join(folder, TERMINAL_LOG)),
      }
      const watch = { lost, written: () => written(jobId) }
      return openAttempt(folder, { taken: new Set(await readdir(folder)), lengths }, watch)
    },
    list: (jobId) => listJob(folderOf(jobId)),
    stream: (jobId, file) => createReadStream(pathOf(jobId, file)),
    text: (jobId, file) => readFile(pathOf(jobId, file), 'utf8'),
    slice: (jobId, file, offset, length) => readSlice(pathOf(jobId, file), offset, length),
    async remove(jobIds) {
      for (const jobId of jobIds) await rm(folderOf(jobId), { recursive: true, force: true })
    },
  }
}

interface AttemptWatch {
  lost: (error: unknown) => void
  written: () => void
}

/** What is there of an attempt when it is opened. */
interface AttemptFiles {
  taken: Set<string>
  lengths: Record<LineLog, number>
}

function openAttempt(
  folder: string,
  { taken, lengths }: AttemptFiles,
  { lost, written }: AttemptWatch,
): AttemptLog {
  const open = (name: string): WriteStream => {
    taken.add(name)
    const stream = createWriteStream(join(folder, name), { flags: 'a', mode: 0o600 })
    return stream.on('error', lost)
  }
  const isWritten = (error: Error | null | undefined) => {
    if (!error) written()
  }
  const terminal = open(TERMINAL_LOG)
  const steps = open(STEPS_LOG)
  const write = (log: LineLog, stream: WriteStream, bytes: Buffer) => {
    if (!stream.writable) return
    stream.write(bytes, isWritten)
    lengths[log] += bytes.length
  }
  return {
    terminal: (bytes) => write('terminal', terminal, bytes),
    step: (line) => write('steps', steps, Buffer.from(`${line}\n`)),
    lengths: () => ({ ...lengths }),
    async file(wanted, content) {
      const name = uniqueName(wanted, taken)
      taken.add(name)
      await writeFile(join(folder, name), content, { mode: 0o600 })
      return name
    },
    async close() {
      await Promise.all([closed(terminal), closed(steps)])
    },
  }
}

async function readSlice(path: string, offset: number, length: number): Promise<Slice> {
  // Most logs that are followed have nothing new, and then need not be opened.
  const size = await sizeOf(path)
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)))
  if (bytes.length === 0) return { bytes, size }
  const file = await openFile(path, 'r')
  try {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset)
    return { bytes: bytes.subarray(0, bytesRead), size }
  } finally {
    await file.close()
  }
}

/** 0 for a file that is not there. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 0
      throw error
    },
  )
}

async function closed(stream: WriteStream): Promise<void> {
  if (!stream.destroyed) stream.end()
  await finished(stream).catch(() => undefined)
}

async function listJob(folder: string): Promise<StoredFile[]> {
  const attempts = await readdir(folder).catch(() => [])
  const lists = await Promise.all(
    attempts
      .filter((name) => /^\d+$/.test(name))
      .map((name) => listAttempt(join(folder, name), Number(name))),
  )
  return lists.flat()
}

async function listAttempt(folder: string, attempt: number): Promise<StoredFile[]> {
  const names = await readdir(folder)
  const files = await Promise.all(
    names.map(async (name) => ({ attempt, name, size: (await stat(join(folder, name))).size })),
  )
  return files.sort((a, b) => a.name.localeCompare(b.name, 'en'))
}
