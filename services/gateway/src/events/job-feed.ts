// One watched job: its state and progress, told to all who watch it; its record is told by record-pages.ts. A final
// state is told after everything else.
import type { JobState } from '@slipway/contracts'
import type { Asker } from '../http/backend.ts'
import { isFinal, isTold } from './cursor.ts'
import { deletedText, progressText } from './event-text.ts'
import { type ReadPage, tellPages } from './record-pages.ts'
import { createRounds } from './rounds.ts'
import { type Progress, progressKey, tellProgress, tellState, type Watcher } from './watcher.ts'

export interface FeedDeps {
  jobId: number
  /** The state of the job, undefined if there is none any more. */
  readState(asker: Asker): Promise<JobState | undefined>
  readPage: ReadPage
  /** What is asked for does not come, or may not be told; it is tried again. */
  failed(error: unknown): void
  retryMs: number
}

export interface JobFeed {
  readonly watchers: ReadonlySet<Watcher>
  add(watcher: Watcher): void
  remove(watcher: Watcher): void
  /** There may be more of the record. */
  recordChanged(): void
  /** The state may be another. */
  stateChanged(): void
  /** The state, read by somebody else; undefined if there is no such job any more. */
  stateRead(state: JobState | undefined): void
  progressed(submission: number, message: string, percent: number | undefined): void
  /** A watcher takes more again. */
  drained(): void
  /** True if the job is worked on: its record may grow although nobody heard of it. */
  inProgress(): boolean
  close(): void
}

export function createJobFeed(deps: FeedDeps): JobFeed {
  const { jobId } = deps
  const watchers = new Set<Watcher>()
  let state: JobState | undefined
  let gone = false
  let askState = true
  /** Whoever has all that was there needs not have all that is there. */
  let dirty = false
  let progress: Progress | undefined

  function takeState(news: JobState | undefined): void {
    gone = news === undefined
    if (news === undefined) return
    const isNew = !isTold(news, state)
    // What ended did so after the last of its record was written: that is read before the end is told.
    if (isNew) dirty = true
    if (isNew) progress = undefined
    if (news.status === 'scheduled') setProgress(news.statusMessage, undefined)
    state = news
  }
  function setProgress(message: string, percent: number | undefined): void {
    const key = progressKey(message, percent)
    if (progress?.key !== key) progress = { key, bytes: Buffer.from(progressText(message, percent)) }
  }
  async function refreshState(asker: Asker): Promise<void> {
    if (!askState) return
    askState = false
    try {
      takeState(await deps.readState(asker))
    } catch (error) {
      askState = true
      throw error
    }
  }
  function leave(watcher: Watcher): void {
    watchers.delete(watcher)
    watcher.end()
  }

  /** @returns true if there is more to tell at once */
  async function round(): Promise<boolean> {
    const [first] = watchers
    if (first === undefined) return false
    await refreshState(first.asker)
    const known = state
    if (gone) tellAll(deletedText(jobId))
    if (known === undefined || gone) return false
    if (!isFinal(known)) {
      for (const watcher of watchers) if (watcher.ready()) tellState(watcher, jobId, known)
    }
    if (dirty) for (const watcher of watchers) watcher.atEnd = false
    dirty = false
    const more = await tellPages(deps.readPage, watchers)
    for (const watcher of [...watchers]) {
      if (!watcher.atEnd || !watcher.ready()) continue
      if (!isFinal(known)) {
        tellProgress(watcher, progress)
        continue
      }
      tellState(watcher, jobId, known)
      leave(watcher)
    }
    return more
  }
  function tellAll(lastWords: string): void {
    for (const watcher of [...watchers]) {
      watcher.send(Buffer.from(lastWords))
      leave(watcher)
    }
  }

  const { wake, stop } = createRounds(round, deps)
  return {
    watchers,
    add(watcher) {
      watchers.add(watcher)
      wake()
    },
    remove: (watcher) => void watchers.delete(watcher),
    recordChanged() {
      dirty = true
      wake()
    },
    stateChanged() {
      askState = true
      wake()
    },
    stateRead(news) {
      takeState(news)
      wake()
    },
    progressed(submission, message, percent) {
      if (state?.status !== 'in-progress' || state.submission !== submission) return
      setProgress(message, percent)
      for (const watcher of watchers) if (watcher.atEnd) tellProgress(watcher, progress)
    },
    drained: wake,
    inProgress: () => state?.status === 'in-progress',
    close() {
      stop()
      for (const watcher of [...watchers]) leave(watcher)
    },
  }
}
