import { createError, type ImportRow } from '@slipway/contracts'
import type { CatalogMetrics } from '../catalog-metrics.ts'
import type { ResolvedSource } from '../feed/feed-files.ts'
import type { ListedRelease } from '../feed/release-list.ts'
import { newProgress, type Progress } from './import.ts'
import type { ImportLock } from './import-lock.ts'
import { type ImportEnd, runImport } from './import-run.ts'
import type { ImportStore } from './import-store.ts'
import type { ReleaseStore, ReplaceOutcome } from './release-store.ts'

export interface ImportService {
  /** Begins an import; see `catalogMessages.startImport`. */
  start(source: string | undefined, requestedBy: string): Promise<number>
  /** Error: CATALOG_IMPORT_NOT_FOUND. */
  find(id: number): Promise<ImportRow>
  /** Ends what a process that is gone left in progress. Nothing happens while an import runs. */
  settle(): Promise<void>
  /** Resolves when no import runs here. */
  idle(): Promise<void>
  /** Ends what runs here and takes nothing more. */
  stop(): Promise<void>
}

interface Log {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ImportServiceDeps {
  readonly imports: ImportStore
  readonly releases: ReleaseStore
  readonly takeLock: () => Promise<ImportLock | undefined>
  /** Error: CATALOG_SOURCE_INVALID. @param signal stops what is fetched */
  readonly resolve: (source: string, signal: AbortSignal) => Promise<ResolvedSource>
  /** What is imported where no source is named. */
  readonly defaultSource: string
  readonly now: () => Date
  readonly imported: (of: ListedRelease, outcome: ReplaceOutcome) => void
  readonly metrics: Pick<CatalogMetrics, 'importEnded' | 'interrupted'>
  readonly log: Log
}

const INTERRUPTED = 'The process that ran it ended. What was imported before that stays.'
const STOPPED = 'The service was stopped. What was imported before that stays.'
const TROUBLE = 'An unexpected error occurred; the log of the catalog service has it.'
/** Who takes the lock writes its import a moment later: how often, and after what pause, that is looked for. */
const LOOKS = 10
const LOOK_PAUSE_MS = 50

export function createImportService(deps: ImportServiceDeps): ImportService {
  const { imports, log, metrics, now } = deps
  const stopping = new AbortController()
  let running: Promise<void> = Promise.resolve()

  async function begin(lock: ImportLock, resolved: ResolvedSource, requestedBy: string): Promise<number> {
    try {
      await failInterrupted()
      const id = await imports.begin(resolved.name, requestedBy, now())
      log.info({ importId: id, source: resolved.name, user: requestedBy }, 'an import begins')
      running = run(lock, resolved, id)
      return id
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  async function failInterrupted(): Promise<void> {
    const ended = await imports.failInterrupted(INTERRUPTED, now())
    if (ended.length === 0) return
    metrics.interrupted(ended.length)
    log.error({ importIds: ended }, 'imports were interrupted')
  }

  async function run(lock: ImportLock, { name, source }: ResolvedSource, id: number): Promise<void> {
    const progress = newProgress()
    const begunAt = now().getTime()
    try {
      const signal = AbortSignal.any([stopping.signal, lock.lost])
      const end = await runImport(deps, { id, name, source, signal, progress }).catch((error: unknown) =>
        failure(error, id),
      )
      metrics.importEnded(end.state, (now().getTime() - begunAt) / 1_000, progress.entries)
      await finish(id, end, progress)
    } finally {
      await lock.release().catch(() => undefined)
    }
  }

  function failure(error: unknown, importId: number): ImportEnd {
    if (stopping.signal.aborted) return { state: 'failed', message: STOPPED }
    log.error({ err: error, importId }, 'an import failed unexpectedly')
    return { state: 'failed', message: TROUBLE }
  }

  async function finish(id: number, end: ImportEnd, progress: Progress): Promise<void> {
    try {
      await imports.finish(id, end.state, end.message, progress, now())
      log.info(
        { importId: id, state: end.state, files: progress.files, entries: progress.entries },
        'an import ended',
      )
    } catch (error) {
      // It stays in progress in the table, and is settled by whoever takes the lock next.
      log.error({ err: error, importId: id }, 'the end of an import could not be stored')
    }
  }

  /** What runs instead of the one that was asked for. */
  async function joinRunning(resolved: ResolvedSource): Promise<number | undefined> {
    const other = await imports.running()
    if (other === undefined) return undefined
    if (other.source === resolved.name) return other.id
    throw createError('CATALOG_IMPORT_RUNNING', [other.id])
  }

  return {
    async start(source, requestedBy) {
      const resolved = await deps.resolve(source ?? deps.defaultSource, stopping.signal)
      for (let look = 0; look < LOOKS && !stopping.signal.aborted; look += 1) {
        const lock = await deps.takeLock()
        if (lock !== undefined) return begin(lock, resolved, requestedBy)
        const id = await joinRunning(resolved)
        if (id !== undefined) return id
        await new Promise((next) => setTimeout(next, LOOK_PAUSE_MS))
      }
      throw createError('BUS_CLOSED')
    },
    async find(id) {
      const found = await imports.find(id)
      if (found === undefined) throw createError('CATALOG_IMPORT_NOT_FOUND', [id])
      return found
    },
    async settle() {
      if ((await imports.running()) === undefined) return
      const lock = await deps.takeLock()
      if (lock === undefined) return
      try {
        await failInterrupted()
      } finally {
        await lock.release()
      }
    },
    idle: () => running,
    async stop() {
      stopping.abort()
      await running
    },
  }
}
