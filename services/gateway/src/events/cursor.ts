// What a watcher of a job has seen, as the id of each event on the wire says it: whoever comes back with the last id
// gets the rest, from any gateway.
import { createError, type JobPosition, type JobState, jobStatuses, startOfRecord } from '@slipway/contracts'

/** Of which submission which status was told. */
export type SeenState = Pick<JobState, 'submission' | 'status'>

export interface Cursor {
  readonly position: JobPosition
  readonly state: SeenState | undefined
}

export const startOfStream: Cursor = { position: startOfRecord, state: undefined }

/** `12.1.843.10221.1.2`: event, attempt, offsets in steps and terminal log, submission, status (0: none told) */
const EVENT_ID = /^\d{1,10}\.\d{1,10}\.\d{1,15}\.\d{1,15}\.\d{1,10}\.[0-4]$/
const LARGEST = 2_147_483_647

export function formatCursor({ position, state }: Cursor): string {
  const { seq, attempt, steps, terminal } = position
  const told = state === undefined ? '0.0' : `${state.submission}.${jobStatuses.indexOf(state.status) + 1}`
  return `${seq}.${attempt}.${steps}.${terminal}.${told}`
}

/** The cursor of a Last-Event-ID; the start for none. Error: INPUT_EVENT_ID_INVALID. */
export function parseCursor(id: string | undefined): Cursor {
  if (id === undefined || id === '') return startOfStream
  const [seq = 0, attempt = 0, steps = 0, terminal = 0, submission = 0, told = 0] = id.split('.').map(Number)
  if (!EVENT_ID.test(id) || Math.max(seq, attempt, submission) > LARGEST) {
    throw createError('INPUT_EVENT_ID_INVALID', [id.slice(0, 100)])
  }
  const status = jobStatuses[told - 1]
  const state = status === undefined || submission === 0 ? undefined : { submission, status }
  return { position: { seq, attempt, steps, terminal }, state }
}

export function samePosition(a: JobPosition, b: JobPosition): boolean {
  return a.seq === b.seq && a.attempt === b.attempt && a.steps === b.steps && a.terminal === b.terminal
}

/** True if this status of this submission was told. */
export function isTold(state: SeenState, told: SeenState | undefined): boolean {
  return told?.submission === state.submission && told.status === state.status
}

/** A finished job stays as it is unless it is submitted again. */
export function isFinal({ status }: Pick<SeenState, 'status'>): boolean {
  return status === 'completed' || status === 'failed'
}
