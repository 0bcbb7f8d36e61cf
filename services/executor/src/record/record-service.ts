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
  return async ({ jobId, after: given, until }) => {
    const bound = until?.seq ?? NO_LIMIT
    // Its state is read before the logs: they are complete where it says that the run has ended.
    const run = await read(jobId, { after: given.seq, until: bound, limit: PAGE_EVENTS })
    if (run === undefined) return { after: startOfRecord, parts: [], more: false }
    const after = await clamp(logs, jobId, given, run)
    return readPage({ logs, jobId, run, until }, after)
  }
}

interface Reading {
  logs: RecordDeps['logs']
  jobId: number
  run: RecordedRun
  until: JobPosition | undefined
}

async function readPage(reading: Reading, after: JobPosition): Promise<Page> {
  const { run, until } = reading
  const parts: JobRecordPart[] = []
  let position = after
  const add = (part: JobRecordPart) => {
    parts.push(part)
    position = positionAfter(position, part)
  }
  const tell = (events: readonly JobEvent[]) => {
    for (const event of events) if (event.seq > position.seq) add({ event })
  }
  const last = Math.min(run.attempt, until?.attempt ?? run.attempt)
  let more = false
  for (let attempt = Math.max(after.attempt, 1); attempt <= last && !more; attempt += 1) {
    tell(run.events.filter((event) => event.attempt <= attempt))
    for (const log of lineLogs) {
      const offset = position.attempt === attempt ? position[log] : 0
      const piece = await readLines(reading, { log, attempt, offset })
      if (piece.lines.length > 0) add({ log: { log, attempt, lines: piece.lines, end: piece.end } })
      more ||= piece.more
    }
  }
  if (!more) tell(run.events)
  return { after, parts, more: more || position.seq < Math.min(run.lastSeq, until?.seq ?? run.lastSeq) }
}

async function readLines(
  { logs, jobId, run, until }: Reading,
  { log, attempt, offset }: { log: LineLog; attempt: number; offset: number },
): Promise<{ lines: string[]; end: number; more: boolean }> {
  const bound = until?.attempt === attempt ? until[log] : Number.POSITIVE_INFINITY
  const wanted = Math.min(PAGE_BYTES, bound - offset)
  if (wanted <= 0) return { lines: [], end: offset, more: false }
  const { bytes, size } = await logs.slice(jobId, { attempt, name: fileNames[log] }, offset, wanted)
  const cut = offset + bytes.length < Math.min(size, bound)
  // Where somebody else's page ended, a line may have been cut on purpose.
  const closed = attempt < run.attempt || run.ended || bound <= size
  const { lines, length } = linesOf(bytes, { cut, closed })
  return { lines, end: offset + length, more: cut }
}

/** A position beyond the record, from a client's imagination or a run that was dropped, is the record's end. */
async function clamp(
  logs: RecordDeps['logs'],
  jobId: number,
  given: JobPosition,
  run: RecordedRun,
): Promise<JobPosition> {
  const seq = Math.min(given.seq, run.lastSeq)
  const attempt = Math.min(given.attempt, run.attempt)
  const offsetIn = async (log: LineLog) => {
    const wanted = given.attempt > run.attempt ? Number.MAX_SAFE_INTEGER : given[log]
    if (wanted === 0) return 0
    const { size } = await logs.slice(jobId, { attempt, name: fileNames[log] }, 0, 0)
    return Math.min(wanted, size)
  }
  const [steps, terminal] = await Promise.all([offsetIn('steps'), offsetIn('terminal')])
  return { seq, attempt, steps, terminal }
}
