// An import of a feed: what it has done so far. One runs at a time, across all replicas.
import type { ImportProblem, ImportRow } from '@slipway/contracts'

/** How many skipped entries and failed files are kept; the counts go on. */
const MAX_PROBLEMS = 500

/** What an import has done so far; changed as it goes on. */
export interface Progress {
  readonly files: ImportRow['files']
  readonly entries: ImportRow['entries']
  readonly skipped: ImportProblem[]
  readonly failedFiles: ImportProblem[]
}

/** What became of one file. */
export interface FileOutcome {
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly unchanged: number
}

export function newProgress(): Progress {
  return {
    files: { listed: 0, done: 0, imported: 0, unchanged: 0, failed: 0 },
    entries: { added: 0, changed: 0, removed: 0, unchanged: 0, skipped: 0 },
    skipped: [],
    failedFiles: [],
  }
}

export function noteSkipped(
  progress: Progress,
  file: string,
  skipped: readonly { line: number; reason: string }[],
): void {
  progress.entries.skipped += skipped.length
  const room = Math.max(0, MAX_PROBLEMS - progress.skipped.length)
  progress.skipped.push(...skipped.slice(0, room).map(({ line, reason }) => ({ file, line, reason })))
}

/** A file that changed nothing, as what was imported of it before stays. */
export function noteFailedFile(progress: Progress, problem: ImportProblem): void {
  progress.files.done += 1
  progress.files.failed += 1
  if (progress.failedFiles.length < MAX_PROBLEMS) progress.failedFiles.push(problem)
}

export function noteImported(progress: Progress, outcome: FileOutcome): void {
  progress.files.done += 1
  progress.files.imported += 1
  for (const key of ['added', 'changed', 'removed', 'unchanged'] as const) {
    progress.entries[key] += outcome[key]
  }
}

/** A file whose creation date is the one of its last import: it was not read further. */
export function noteUnchanged(progress: Progress): void {
  progress.files.done += 1
  progress.files.unchanged += 1
}

/** Why an import failed as a whole, although it came to its end; undefined if it did not. */
export function overallFailure({ files }: Progress): string | undefined {
  if (files.failed === 0 || files.failed < files.listed) return undefined
  return 'None of its files could be imported.'
}

/** How an import that came to its end is summed up. */
export function summary({ files, entries }: Progress): string {
  const parts = [
    `${files.imported} imported`,
    `${files.unchanged} unchanged`,
    ...(files.failed === 0 ? [] : [`${files.failed} failed`]),
  ]
  const skipped = entries.skipped === 0 ? '' : `; ${entries.skipped} entries skipped`
  return `${files.listed} files: ${parts.join(', ')}${skipped}.`
}
