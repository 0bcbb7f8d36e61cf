// Somebody who watches a job, as the feed of that job sees him.
import type { JobState } from '@slipway/contracts'
import type { Asker } from '../http/backend.ts'
import { type Cursor, isTold } from './cursor.ts'
import { statusText } from './event-text.ts'

export interface Watcher {
  cursor: Cursor
  /** He has all that was there when it was last looked. */
  atEnd: boolean
  /** Key of the progress he was told last. */
  progress: string
  readonly asker: Asker
  /** True if he takes more at this moment; when that becomes true again the feed is to be told. */
  ready(): boolean
  send(bytes: Buffer): void
  end(): void
}

/** What a job waits for or is doing, to be told. */
export interface Progress {
  readonly key: string
  readonly bytes: Buffer
}

export const progressKey = (message: string, percent: number | undefined) => `${message}\n${percent ?? ''}`

/** Tells a state, unless it was told. */
export function tellState(watcher: Watcher, jobId: number, state: JobState): void {
  if (isTold(state, watcher.cursor.state)) return
  const { submission, status, statusMessage } = state
  watcher.cursor = { ...watcher.cursor, state: { submission, status } }
  watcher.progress = progressKey(statusMessage, undefined)
  watcher.send(Buffer.from(statusText(jobId, state, watcher.cursor)))
}

/** Tells progress, unless it was told or he is busy with the last one: there will be a later one. */
export function tellProgress(watcher: Watcher, progress: Progress | undefined): void {
  if (progress === undefined || watcher.progress === progress.key || !watcher.ready()) return
  watcher.progress = progress.key
  watcher.send(progress.bytes)
}
