// Pages of a job's record: its events, and the lines of its session logs, attempt by attempt. Any executor reads any
// job: events are in the database, logs on the shared volume. Secrets were masked when either was written.
import {
  type executorMessages,
  type JobEvent,
  type JobPosition,
  type JobRecordPart,
  type LineLog,
  lineLogs,
  positionAfter,
  type ReplyOf,
  type RequestOf,
  startOfRecord,
} from '@slipway/contracts'
import { linesOf } from '../logs/log-lines.ts'
import { type LogStore, STEPS_LOG, TERMINAL_LOG } from '../logs/log-store.ts'
import type { ReadRecord, RecordedRun } from './record-store.ts'

/** Of each log and page: what a page holds at most is held for each watcher who reads slowly. */
const PAGE_BYTES = 32 * 1024
const PAGE_EVENTS = 100
const NO_LIMIT = 2_147_483_647

const fileNames: Readonly<Record<LineLog, string>> = { steps: STEPS_LOG, terminal: TERMINAL_LOG }

type Page = ReplyOf<typeof executorMessages.followJob>

export interface RecordDeps {
  read: ReadRecord
  logs: Pick<LogStore, 'slice'>
}

export type FollowJob = (request: RequestOf<typeof executorMessages.followJob>) => Promise<Page>

export function createRecordService({ read, logs }: RecordDeps): FollowJob {
  return async ({ jobId, after, until }) => {
    const bound = until?.seq ?? NO_LIMIT
    // Its state is read before the logs: they are complete where it says that the run has ended.
    const run = await read(jobId, { after: after.seq, until: bound, limit: PAGE_EVENTS })
    if (run === undefined) return { after: startOfRecord, parts: [], more: false }
    return readPage({ logs, jobId, run, until }, withinRecord(after, run))
  }
}

/**
 * A position beyond the record, from a client's imagination or a run that was dropped, is the record's end. Offsets
 * are looked at when the logs are read.
 */
function withinRecord(given: JobPosition, run: RecordedRun): JobPosition {
  const seq = Math.min(given.seq, run.lastSeq)
  if (given.attempt <= run.attempt) return { ...given, seq }
  return { seq, attempt: run.attempt, steps: Number.MAX_SAFE_INTEGER, terminal: Number.MAX_SAFE_INTEGER }
}

interface Reading {
  logs: RecordDeps['logs']
  jobId: number
  run: RecordedRun
  until: JobPosition | undefined
}

async function readPage(reading: Reading, given: JobPosition): Promise<Page> {
  const { run, until } = reading
  const parts: JobRecordPart[] = []
  let after = given
  let position = given
  const add = (part: JobRecordPart) => {
    parts.push(part)
    position = positionAfter(position, part)
  }
  const tell = (events: readonly JobEvent[]) => {
    for (const event of events) if (event.seq > position.seq) add({ event })
  }
  const last = Math.min(run.attempt, until?.attempt ?? run.attempt)
  let more = false
  for (let attempt = Math.max(given.attempt, 1); attempt <= last && !more; attempt += 1) {
    tell(run.events.filter((event) => event.attempt <= attempt))
    const isFirst = given.attempt === attempt
    for (const log of lineLogs) {
      const offset = isFirst ? given[log] : 0
      const piece = await readLines(reading, { log, attempt, offset })
      if (isFirst && piece.start < offset) {
        after = { ...after, [log]: piece.start }
        position = { ...position, [log]: piece.start }
      }
      if (piece.lines.length > 0) add({ log: { log, attempt, lines: piece.lines, end: piece.end } })
      more ||= piece.more
    }
  }
  if (!more) tell(run.events)
  return { after, parts, more: more || position.seq < Math.min(run.lastSeq, until?.seq ?? run.lastSeq) }
}

interface LinePage {
  readonly lines: string[]
  /** Where it was begun: at the end of a log that is not so long. */
  readonly start: number
  readonly end: number
  readonly more: boolean
}

async function readLines(
  { logs, jobId, run, until }: Reading,
  { log, attempt, offset }: { log: LineLog; attempt: number; offset: number },
): Promise<LinePage> {
  const bound = until?.attempt === attempt ? until[log] : Number.POSITIVE_INFINITY
  const wanted = Math.max(0, Math.min(PAGE_BYTES, bound - offset))
  const { bytes, size } = await logs.slice(jobId, { attempt, name: fileNames[log] }, offset, wanted)
  const start = Math.min(offset, size)
  const cut = start + bytes.length < Math.min(size, bound)
  // Where somebody else's page ended, a line may have been cut on purpose.
  const closed = attempt < run.attempt || run.ended || bound <= size
  const { lines, length } = linesOf(bytes, { cut, closed })
  return { lines, start, end: start + length, more: cut && wanted > 0 }
}
