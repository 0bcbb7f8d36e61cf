import type { ImportProblem, ImportRow } from '@slipway/contracts'
import type { Database } from '../database.ts'
import type { Progress } from './import.ts'

/** How many imports are remembered. */
const KEPT = 500

export interface ImportStore {
  begin(source: string, requestedBy: string, now: Date): Promise<number>
  /** The import that is in progress, as far as the table knows. */
  running(): Promise<{ id: number; source: string } | undefined>
  /** @returns false if it is no longer in progress: somebody else decided that it was interrupted */
  note(id: number, message: string, progress: Progress): Promise<boolean>
  finish(
    id: number,
    state: 'completed' | 'failed',
    message: string,
    progress: Progress,
    now: Date,
  ): Promise<void>
  /** Ends imports that nobody runs any more. Call it with the lock held. @returns their ids */
  failInterrupted(message: string, now: Date): Promise<number[]>
  find(id: number): Promise<ImportRow | undefined>
  /** When a source was last tried, and last imported with success. */
  lastOf(source: string): Promise<{ tried: Date | undefined; completed: Date | undefined }>
  /** When the last import with success, of whatever source, ended. */
  lastCompleted(): Promise<Date | undefined>
}

interface ImportRecord {
  id: number
  source: string
  state: ImportRow['state']
  message: string
  requested_by: string
  started_at: Date
  finished_at: Date | null
  files_listed: number
  files_done: number
  files_imported: number
  files_unchanged: number
  files_failed: number
  entries_added: number
  entries_changed: number
  entries_removed: number
  entries_unchanged: number
  entries_skipped: number
  skipped: unknown
  failed_files: unknown
}

export function createImportStore(db: Database): ImportStore {
  const inProgress = { state: 'in-progress' }
  return {
    async begin(source, requestedBy, now) {
      const data = { source, requested_by: requestedBy, started_at: now, message: 'Reading catalog.dat' }
      const { id } = await db.feed_import.create({ data: { ...data, ...inProgress }, select: { id: true } })
      await db.feed_import.deleteMany({ where: { id: { lt: id - KEPT }, state: { not: 'in-progress' } } })
      return id
    },
    async running() {
      const found = await db.feed_import.findFirst({
        where: inProgress,
        orderBy: { id: 'desc' },
        select: { id: true, source: true },
      })
      return found ?? undefined
    },
    async note(id, message, progress) {
      const { count } = await db.feed_import.updateMany({
        where: { id, ...inProgress },
        data: { message, ...columnsOf(progress) },
      })
      return count === 1
    },
    async finish(id, state, message, progress, now) {
      await db.feed_import.updateMany({
        where: { id, ...inProgress },
        data: { state, message, finished_at: now, ...columnsOf(progress) },
      })
    },
    async failInterrupted(message, now) {
      const ended = await db.$queryRaw<{ id: number }[]>`
        UPDATE feed_import SET state = 'failed', message = ${message}, finished_at = ${now}
         WHERE state = 'in-progress' RETURNING id`
      return ended.map(({ id }) => id)
    },
    async find(id) {
      const found = await db.feed_import.findUnique({ where: { id } })
      return found === null ? undefined : toRow(found as ImportRecord)
    },
    async lastCompleted() {
      const where = { state: 'completed' }
      const latest = await db.feed_import.aggregate({ where, _max: { finished_at: true } })
      return latest._max.finished_at ?? undefined
    },
    async lastOf(source) {
      const latest = (where: object) =>
        db.feed_import.aggregate({ where: { source, ...where }, _max: { started_at: true } })
      const [tried, completed] = [await latest({}), await latest({ state: 'completed' })]
      return {
        tried: tried._max.started_at ?? undefined,
        completed: completed._max.started_at ?? undefined,
      }
    },
  }
}

function columnsOf({ files, entries, skipped, failedFiles }: Progress) {
  return {
    files_listed: files.listed,
    files_done: files.done,
    files_imported: files.imported,
    files_unchanged: files.unchanged,
    files_failed: files.failed,
    entries_added: entries.added,
    entries_changed: entries.changed,
    entries_removed: entries.removed,
    entries_unchanged: entries.unchanged,
    entries_skipped: entries.skipped,
    skipped,
    failed_files: failedFiles,
  }
}

function toRow(record: ImportRecord): ImportRow {
  const { id, source, state, message } = record
  return {
    ...{ id, source, state, message },
    requestedBy: record.requested_by,
    startedAt: record.started_at.toISOString(),
    ...(record.finished_at === null ? {} : { finishedAt: record.finished_at.toISOString() }),
    files: {
      listed: record.files_listed,
      done: record.files_done,
      imported: record.files_imported,
      unchanged: record.files_unchanged,
      failed: record.files_failed,
    },
    entries: {
      added: record.entries_added,
      changed: record.entries_changed,
      removed: record.entries_removed,
      unchanged: record.entries_unchanged,
      skipped: record.entries_skipped,
    },
    skipped: record.skipped as ImportProblem[],
    failedFiles: record.failed_files as ImportProblem[],
  }
}
