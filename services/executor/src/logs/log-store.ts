// Where the bytes of session logs are: below SLIPWAY_LOG_DIR, one folder per job and attempt, a shared volume in the
// cluster. Folders are 0700 and files 0600: routers print configurations into them. An object store would be another
// driver of the same interface.
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { type LoggedFile, uniqueName } from './log-names.ts'

/** The raw terminal stream. */
export const TERMINAL_LOG = 'session.log'
/** What the actions and checks did. */
export const STEPS_LOG = 'plugins.log'

/** The log of one attempt while it is being written. A full disk loses log lines, never the run. */
export interface AttemptLog {
  terminal(bytes: Buffer): void
  step(line: string): void
  /** Writes a whole file under this name, or a numbered one if it is taken. @returns the name used */
  file(name: string, content: string): Promise<string>
  close(): Promise<void>
}

export interface StoredFile extends LoggedFile {
  readonly size: number
}

export interface LogStore {
  open(jobId: number, attempt: number): Promise<AttemptLog>
  list(jobId: number): Promise<StoredFile[]>
  stream(jobId: number, file: LoggedFile): Readable
  text(jobId: number, file: LoggedFile): Promise<string>
  remove(jobIds: readonly number[]): Promise<void>
}

/** The driver for a directory. @param lost called when something could not be written */
export function createFileLogStore(directory: string, lost: (error: unknown) => void): LogStore {
  const folderOf = (jobId: number, attempt?: number) =>
    join(directory, String(jobId), ...(attempt === undefined ? [] : [String(attempt)]))
  const pathOf = (jobId: number, file: LoggedFile) => join(folderOf(jobId, file.attempt), file.name)
  return {
    async open(jobId, attempt) {
      const folder = folderOf(jobId, attempt)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return openAttempt(folder, new Set(await readdir(folder)), lost)
    },
    list: (jobId) => listJob(folderOf(jobId)),
    stream: (jobId, file) => createReadStream(pathOf(jobId, file)),
    text: (jobId, file) => readFile(pathOf(jobId, file), 'utf8'),
    async remove(jobIds) {
      for (const jobId of jobIds) await rm(folderOf(jobId), { recursive: true, force: true })
    },
  }
}

function openAttempt(folder: string, taken: Set<string>, lost: (error: unknown) => void): AttemptLog {
  const open = (name: string): WriteStream => {
    taken.add(name)
    const stream = createWriteStream(join(folder, name), { flags: 'a', mode: 0o600 })
    return stream.on('error', lost)
  }
  const terminal = open(TERMINAL_LOG)
  const steps = open(STEPS_LOG)
  return {
    terminal: (bytes) => void (terminal.writable && terminal.write(bytes)),
    step: (line) => void (steps.writable && steps.write(`${line}\n`)),
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
