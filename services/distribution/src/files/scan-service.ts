// Files put into the store by hand are picked up: the whole store is looked through every few seconds, sooner when
// the system tells of a change (which it need not, on a network file system). Only what changed is read.
import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { type DistributionName, distributionNameProblem } from '@slipway/contracts'
import type { ServiceDeps } from '@slipway/service-kit'
import type { FileIndex } from './index-service.ts'
import { type IndexedFile, keyOf } from './indexed-file.ts'
import { incomingFolder, type StoreFolder } from './store-folder.ts'

export interface Scan {
  /** Looks through the store now; while it does, another one is due when it is done. */
  now(): Promise<void>
  /** Soon: something may have changed. */
  hint(): void
  stop(): Promise<void>
}

export interface ScanDeps {
  readonly folder: StoreFolder
  readonly index: FileIndex
  readonly log: Pick<ServiceDeps<unknown>['log'], 'warn'>
  readonly intervalMs: number
  readonly settleMs: number
  /** A file that was known is no longer there. */
  readonly gone: (file: IndexedFile) => void
}

const HINT_MS = 200
const notDirectory = 'It is not a directory. Distributions stand in a directory of the store.'
const notRegular = 'It is not a regular file, or it cannot be read.'

export function createScan(deps: ScanDeps): Scan {
  const { folder, log, intervalMs, settleMs } = deps
  const watchers = new Map<string, FSWatcher>()
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let stopped = false
  /** Something changed while a pass ran, perhaps behind its back. */
  let again = false

  function schedule(inMs: number): void {
    const at = performance.now() + inMs
    if (stopped || at >= dueAt) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(() => void now(), inMs).unref()
  }
  function now(): Promise<void> {
    clearTimeout(timer)
    dueAt = Number.POSITIVE_INFINITY
    again = running !== undefined
    running ??= pass().finally(() => {
      running = undefined
      schedule(again ? HINT_MS : intervalMs)
      again = false
    })
    return running
  }
  async function pass(): Promise<void> {
    try {
      const seen = await lookThrough(deps)
      watchAll([...seen.directories])
      await forgetGone(deps, seen.files)
    } catch (err) {
      log.warn({ err }, 'the store of distributions could not be looked through')
    }
  }
  /** The system's word is only a hint: that it cannot be had is no trouble. */
  function watchAll(directories: readonly string[]): void {
    for (const [directory, watcher] of watchers) {
      if (directory !== '' && !directories.includes(directory)) drop(directory, watcher)
    }
    for (const directory of ['', ...directories]) {
      if (stopped || watchers.has(directory)) continue
      try {
        const watcher = watch(join(folder.root, directory), { persistent: false }, () => schedule(HINT_MS))
        watcher.on('error', () => drop(directory, watcher))
        watchers.set(directory, watcher)
      } catch {
        return
      }
    }
  }
  function drop(directory: string, watcher: FSWatcher): void {
    watcher.close()
    watchers.delete(directory)
  }
  return {
    now,
    hint: () => schedule(settleMs + HINT_MS),
    async stop() {
      stopped = true
      clearTimeout(timer)
      for (const [directory, watcher] of watchers) drop(directory, watcher)
      await running
    },
  }
}

interface Seen {
  readonly directories: Set<string>
  /** Keys of what is there, served or not. */
  readonly files: Set<string>
}

async function lookThrough(deps: ScanDeps): Promise<Seen> {
  const { folder } = deps
  const seen: Seen = { directories: new Set(), files: new Set() }
  for (const { name, isDirectory } of (await folder.list()) ?? []) {
    if (name === incomingFolder) continue
    if (isDirectory) await lookInto(deps, name, seen)
    else await refuse(deps, { directory: '', file: name }, notDirectory, seen)
  }
  return seen
}

async function lookInto(deps: ScanDeps, directory: string, seen: Seen): Promise<void> {
  const problem = distributionNameProblem({ directory, file: 'file.gz' })
  if (problem !== undefined) return refuse(deps, { directory, file: '' }, problem, seen)
  seen.directories.add(directory)
  await deps.folder.inDirectory(directory, async (_path, handle) => {
    const { mode } = await handle.stat()
    if ((mode & 0o777) !== 0o755) await handle.chmod(0o755).catch(() => undefined)
  })
  for (const { name: file } of (await deps.folder.list(directory)) ?? []) {
    const name = { directory, file }
    const broken = distributionNameProblem(name)
    if (broken !== undefined) await refuse(deps, name, broken, seen)
    else await lookAt(deps, name, seen)
  }
}

async function lookAt(deps: ScanDeps, name: DistributionName, seen: Seen): Promise<void> {
  const look = await deps.index.look(name)
  if (look === 'absent') await refuse(deps, name, notRegular, seen)
  else seen.files.add(keyOf(name))
}

async function refuse(deps: ScanDeps, name: DistributionName, reason: string, seen: Seen): Promise<void> {
  seen.files.add(keyOf(name))
  await deps.index.refuse(name, reason)
}

/** What was not seen is looked for once more: it may have been published meanwhile. */
async function forgetGone({ index, folder, gone }: ScanDeps, seen: ReadonlySet<string>): Promise<void> {
  for (const file of index.all()) {
    if (seen.has(keyOf(file.name))) continue
    const opened =
      distributionNameProblem(file.name) === undefined ? await folder.openFile(file.name) : undefined
    opened?.close()
    if (opened !== undefined) continue
    await index.forget(file.name)
    gone(file)
  }
}
