// The work of one import: the list, then file by file. A file that cannot be used changes nothing and is reported; the
// others go on.

import { setTimeout as pause } from 'node:timers/promises'
import { catalogAnswerMaxAgeMs } from '@slipway/contracts'
import { isFeedFailure } from '../feed/feed-failure.ts'
import type { FeedSource } from '../feed/feed-files.ts'
import { feedLimits } from '../feed/feed-limits.ts'
import { createFeedParser, type FeedFile } from '../feed/feed-parser.ts'
import { decodeFeed, readText } from '../feed/feed-text.ts'
import { fileOf, type ListedRelease, parseReleaseList } from '../feed/release-list.ts'
import {
  noteFailedFile,
  noteImported,
  noteSkipped,
  noteUnchanged,
  overallFailure,
  type Progress,
  summary,
} from './import.ts'
import type { ImportStore } from './import-store.ts'
import type { ReleaseStore, ReplaceOutcome } from './release-store.ts'

const LIST_FILE = 'catalog.dat'
/** Timers may fire a little early by another clock, and an answer takes a moment to be sent. */
const TIMER_SLACK_MS = 50
const UNEXPECTED = 'met an unexpected error; the log of the catalog service has it'

export interface ImportRunDeps {
  readonly imports: Pick<ImportStore, 'note'>
  readonly releases: ReleaseStore
  readonly now: () => Date
  readonly log: { error(fields: object, message: string): void }
  /** A release is another than before. */
  imported(of: ListedRelease, outcome: ReplaceOutcome): void
}

export interface ImportRun {
  readonly id: number
  readonly name: string
  readonly source: FeedSource
  readonly signal: AbortSignal
  /** Changed as the run goes on. */
  readonly progress: Progress
}

/** How an import ended. */
export interface ImportEnd {
  readonly state: 'completed' | 'failed'
  readonly message: string
}

/** Runs an import to its end. Throws what ends all of it: its progress cannot be noted, or an abort. */
export async function runImport(deps: ImportRunDeps, run: ImportRun): Promise<ImportEnd> {
  const { progress, signal } = run
  const releases = await readList(run)
  if (!Array.isArray(releases)) return releases
  progress.files.listed = releases.length
  for (const of of releases) {
    const file = fileOf(of)
    signal.throwIfAborted()
    await note(deps, run, `Reading ${file} (${progress.files.done + 1} of ${progress.files.listed})`)
    const counts = await importFile(deps, run, of).catch((error: unknown) => fail(deps, run, file, error))
    if (!counts) throw interrupted()
  }
  if (progress.files.imported > 0) await outlastAnswers(signal)
  const failure = overallFailure(progress)
  if (failure !== undefined) return { state: 'failed', message: failure }
  return { state: 'completed', message: summary(progress) }
}

/** Until no answer from before can be given any more, by whichever gateway and replica: who sees the end sees the new. */
async function outlastAnswers(signal: AbortSignal): Promise<void> {
  await pause(2 * catalogAnswerMaxAgeMs + TIMER_SLACK_MS, undefined, { signal })
}

async function readList({ source, progress }: ImportRun): Promise<ListedRelease[] | ImportEnd> {
  try {
    const list = parseReleaseList(await readText(source.open(LIST_FILE), feedLimits.listBytes))
    noteSkipped(progress, LIST_FILE, list.skipped)
    return [...list.releases]
  } catch (error) {
    if (!isFeedFailure(error)) throw error
    return { state: 'failed', message: `${LIST_FILE} ${error.reason}.` }
  }
}

/** @returns false if the import is no longer in progress: nothing was changed then */
async function importFile(deps: ImportRunDeps, run: ImportRun, of: ListedRelease): Promise<boolean> {
  const { progress } = run
  const file = await readFile(run, of, await deps.releases.creationDate(of))
  if (file === 'unchanged') {
    noteUnchanged(progress)
    return true
  }
  noteSkipped(progress, fileOf(of), file.skipped)
  const { id: importId, name: source } = run
  const outcome = await deps.releases.replace({ importId, of, file, source, now: deps.now() })
  if (outcome === undefined) return false
  noteImported(progress, outcome)
  deps.imported(of, outcome)
  return true
}

/** Notes why a file changed nothing. What is no fault of the feed concerns this file alone, unless all is to end. */
function fail(
  { log }: ImportRunDeps,
  { id, signal, progress }: ImportRun,
  file: string,
  error: unknown,
): true {
  if (isFeedFailure(error)) {
    const { reason, line } = error
    noteFailedFile(progress, { file, reason, ...(line === undefined ? {} : { line }) })
    return true
  }
  signal.throwIfAborted()
  log.error({ err: error, importId: id, file }, 'a file could not be imported')
  noteFailedFile(progress, { file, reason: UNEXPECTED })
  return true
}

/** Reads a file, no further than its header where that says that nothing changed since. */
async function readFile(
  { source, signal }: ImportRun,
  of: ListedRelease,
  known: string | undefined,
): Promise<FeedFile | 'unchanged'> {
  const parser = createFeedParser(of, known)
  for await (const text of decodeFeed(source.open(fileOf(of)), feedLimits.fileBytes)) {
    signal.throwIfAborted()
    if (!parser.write(text)) return 'unchanged'
  }
  return parser.end()
}

async function note({ imports }: ImportRunDeps, { id, progress }: ImportRun, message: string): Promise<void> {
  if (!(await imports.note(id, message, progress))) throw interrupted()
}

/** The table says that this import has ended: whoever wrote that may run another one now. */
function interrupted(): Error {
  return new Error('the import was declared interrupted')
}
