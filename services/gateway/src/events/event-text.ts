// Events as they stand on the wire. Source: HTML Living Standard, 9.2 "Server-sent events"; REST contract, section 8.
import {
  type JobEvent,
  type JobRecordPart,
  type JobState,
  type LineLog,
  positionAfter,
} from '@slipway/contracts'
import { type Cursor, formatCursor } from './cursor.ts'

/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 2_000

/** Begins every stream. */
export const streamStart = `retry: ${RETRY_MS}\n\n`
/** A comment: keeps proxies from closing a quiet connection. */
export const heartbeat = ':\n\n'

/** The names of the files in the archive of a job's session logs. */
const logNames: Readonly<Record<LineLog, string>> = { steps: 'plugins.log', terminal: 'session.log' }

/** JSON has no line ends of its own, so the data is one line. */
function eventText(name: string, data: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/** `status`: the state of the job changed. @param cursor after it */
export function statusText(jobId: number, state: JobState, cursor: Cursor): string {
  const { submission, status, statusAt = '', statusMessage } = state
  const data = { job: jobId, submission, status, time: statusAt, status_message: statusMessage }
  return eventText('status', data, formatCursor(cursor))
}

/** `progress`: what the job waits for or is doing. Without id: whoever comes back gets the latest. */
export function progressText(message: string, percent: number | undefined): string {
  return eventText('progress', { status_message: message, ...(percent === undefined ? {} : { percent }) })
}

/** `deleted`: there is no such job any more. */
export function deletedText(jobId: number): string {
  return eventText('deleted', { job: jobId })
}

/** The parts of a page, each with the cursor after it. */
export function partsText(parts: readonly JobRecordPart[], before: Cursor): { text: string; cursor: Cursor } {
  let { position } = before
  let text = ''
  for (const part of parts) {
    position = positionAfter(position, part)
    text += partText(part, formatCursor({ ...before, position }))
  }
  return { text, cursor: { ...before, position } }
}

function partText(part: JobRecordPart, id: string): string {
  if ('event' in part) return eventText('activity', activity(part.event), id)
  const { log, attempt, lines } = part.log
  return eventText('log', { log: logNames[log], attempt, lines }, id)
}

function activity(event: JobEvent) {
  const { seq, attempt, at, kind } = event
  return { seq, attempt, time: at, kind, ...details(event) }
}

function details({ kind, payload }: JobEvent) {
  return kind === 'ended' ? { outcome: payload.outcome, status_message: payload.statusMessage } : payload
}
