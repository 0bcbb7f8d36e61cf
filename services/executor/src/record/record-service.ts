// Pages of a job's record: its events, and the lines of its session logs, attempt by attempt, in the order in which
// they came: each event knows how long the logs were when it happened. Any executor reads any job: events are in the
// database, logs on the shared volume. Secrets were masked when either was written.
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
import { type LogLengths, type LogStore, STEPS_LOG, TERMINAL_LOG } from '../logs/log-store.ts'
import { createLogWindow, type LogWindow } from './log-window.ts'
import type { ReadRecord, RecordedEvent, RecordedRun } from './record-store.ts'

/** Of each log and page: what a page holds at most is held for each watcher who reads slowly. */
const PAGE_BYTES = 32 * 1024
const PAGE_EVENTS = 100
const NO_LIMIT = 2_147_483_647

const fileNames: Readonly<Record<LineLog, string>> = { steps: STEPS_LOG, terminal: TERMINAL_LOG }
const everything: LogLengths = { steps: Number.POSITIVE_INFINITY, terminal: Number.POSITIVE_INFINITY }
const nothing: LogLengths = { steps: 0, terminal: 0 }

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
  const page = createPage(given)
  const last = Math.min(run.attempt, until?.attempt ?? run.attempt)
  for (let attempt = Math.max(given.attempt, 1); attempt <= last; attempt += 1) {
    if (!(await tellAttempt(reading, page, attempt))) return page.reply(true)
  }
  for (const { event } of run.events) if (event.seq > page.position().seq) page.add({ event })
  return page.reply(page.position().seq < lastSeq(reading))
}

/** @returns false if there is more of it than a page takes */
async function tellAttempt(reading: Reading, page: PageBuilder, attempt: number): Promise<boolean> {
  const windows = logWindows(reading, attempt)
  const tellLines = (moment: LogLengths) => tellLinesOf(reading, page, { attempt, windows, moment })
  for (const recorded of reading.run.events) {
    const { event } = recorded
    if (event.seq <= page.position().seq || event.attempt > attempt) continue
    if (event.attempt === attempt && !(await tellLines(momentOf(recorded)))) return false
    page.add({ event })
  }
  return hasEventsOf(reading, attempt) && tellLines(everything)
}

/** Tells the lines up to where the logs were at a moment. @returns false if there are more than a page takes */
async function tellLinesOf(
  { until }: Reading,
  page: PageBuilder,
  { attempt, windows, moment }: { attempt: number; windows: LogWindows; moment: LogLengths },
): Promise<boolean> {
  for (const log of lineLogs) {
    const position = page.position()
    const told = attempt === position.attempt ? position[log] : 0
    // Most events have no new lines before them, and then the logs need not be opened.
    if (moment[log] <= told) continue
    const window = await windows(log, told)
    if (told > window.size) page.startAt(log, window.size)
    const bound = until?.attempt === attempt ? until[log] : Number.POSITIVE_INFINITY
    const from = Math.min(told, window.size)
    const { lines, end, more } = window.take(from, { until: bound, moment: moment[log] })
    if (lines.length > 0) page.add({ log: { log, attempt, lines, end } })
    if (more) return false
  }
  return true
}

/** A page while it is put together. */
interface PageBuilder {
  /** After what it holds so far. */
  position(): JobPosition
  add(part: JobRecordPart): void
  /** A log is not so long as was thought: its lines, of which there are none yet, begin here. */
  startAt(log: LineLog, offset: number): void
  reply(more: boolean): Page
}

function createPage(given: JobPosition): PageBuilder {
  const parts: JobRecordPart[] = []
  let after = given
  let position = given
  return {
    position: () => position,
    add(part) {
      parts.push(part)
      position = positionAfter(position, part)
    },
    startAt(log, offset) {
      after = { ...after, [log]: offset }
      position = { ...position, [log]: offset }
    },
    reply: (more) => ({ after, parts, more }),
  }
}

const lastSeq = ({ run, until }: Reading) => Math.min(run.lastSeq, until?.seq ?? run.lastSeq)

/** False if events of the attempt may follow that are not on this page: what else its logs hold comes after them. */
function hasEventsOf(reading: Reading, attempt: number): boolean {
  const last = reading.run.events.at(-1)?.event
  return last === undefined || last.seq >= lastSeq(reading) || last.attempt > attempt
}

/** How long the logs were when an event happened; one that was written with a change of the run may not know it. */
function momentOf({ event, logged }: RecordedEvent): LogLengths {
  return logged ?? (endsAttempt(event) ? everything : nothing)
}

/** After it nothing more is written to the logs of its attempt. */
const endsAttempt = ({ kind }: JobEvent) => kind === 'ended' || kind === 'handed-over'

type LogWindows = (log: LineLog, offset: number) => Promise<LogWindow>

/** The logs of an attempt: of each what a page takes, read when it is first wanted. */
function logWindows({ logs, jobId, run, until }: Reading, attempt: number): LogWindows {
  const known = new Map<LineLog, LogWindow>()
  return async (log, offset) => {
    const before = known.get(log)
    if (before !== undefined) return before
    const bound = until?.attempt === attempt ? until[log] : Number.POSITIVE_INFINITY
    const wanted = Math.max(0, Math.min(PAGE_BYTES, bound - offset))
    const slice = await logs.slice(jobId, { attempt, name: fileNames[log] }, offset, wanted)
    const window = createLogWindow(slice, offset, attempt < run.attempt || run.ended)
    known.set(log, window)
    return window
  }
}
