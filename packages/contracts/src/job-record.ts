// The record of a job as executors keep it: its events, and the lines of its session logs. A position says how much
// of it somebody has; whoever comes back with it gets the rest, nothing twice.
import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { JobId, Moment, oneOf, strict, Text } from './shapes.ts'

/** Commands that change a router, as journal and events name them. `copy` puts a file on its disk. */
export const changeKinds = ['add', 'activate', 'deactivate', 'commit', 'remove', 'copy', 'abort'] as const

const jobEvent = <const K extends string, P extends TProperties>(kind: K, payload: TObject<P>) =>
  strict({
    jobId: JobId,
    /** 1 for the job's first event, without gaps, also across submissions. */
    seq: Type.Integer({ minimum: 1 }),
    attempt: Type.Integer({ minimum: 1 }),
    at: Moment,
    kind: Type.Literal(kind),
    payload,
  })

/**
 * What happened to a job, as the executors keep it. Each is written in the transaction of what it tells of.
 * Percentages are no events.
 */
export const JobEvent = Type.Union([
  /** An executor has the job on record; it is not confirmed yet. */
  jobEvent('claimed', strict({ executor: Text })),
  /** The work begins. */
  jobEvent('started', strict({})),
  /** Another executor goes on: the one before died (`expired`), or gave the run back (`released`). */
  jobEvent('resumed', strict({ executor: Text, after: oneOf(['expired', 'released']) })),
  /** Its executor stops and gave the run back at a safe point. */
  jobEvent('handed-over', strict({})),
  /** A check or a step of the action begins. */
  jobEvent('step', strict({ text: Text })),
  /** The status line says something new. */
  jobEvent('status', strict({ text: Text })),
  jobEvent('warning', strict({ text: Text })),
  /** A command that changes the router is written down and about to be sent; secrets are masked. */
  jobEvent('command', strict({ change: oneOf(changeKinds), command: Text })),
  jobEvent('cancel-requested', strict({ by: Text })),
  jobEvent('ended', strict({ outcome: oneOf(['completed', 'failed']), statusMessage: Text })),
])
export type JobEvent = Static<typeof JobEvent>

/** Session logs that have lines: what the actions did (`plugins.log`), and the terminal (`session.log`). */
export const lineLogs = ['steps', 'terminal'] as const
export type LineLog = (typeof lineLogs)[number]

const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Count = Type.Integer({ minimum: 0, maximum: 2_147_483_647 })

/** How much of a job's record somebody has: events up to `seq`, logs of earlier attempts, of this one up to offsets. */
export const JobPosition = strict({ seq: Count, attempt: Count, steps: Offset, terminal: Offset })
export type JobPosition = Static<typeof JobPosition>

/** The position before everything. */
export const startOfRecord: JobPosition = { seq: 0, attempt: 0, steps: 0, terminal: 0 }

/** Lines of one log of an attempt, without their ends; `end` is the offset in bytes after them. */
const LogLines = strict({ log: oneOf(lineLogs), attempt: Count, lines: Type.Array(Text), end: Offset })

/** A piece of a job's record. */
export const JobRecordPart = Type.Union([strict({ event: JobEvent }), strict({ log: LogLines })])
export type JobRecordPart = Static<typeof JobRecordPart>

/** The position after a part, for whoever had the record up to the position before it. */
export function positionAfter(position: JobPosition, part: JobRecordPart): JobPosition {
  if ('event' in part) return { ...position, seq: part.event.seq }
  const { attempt, log, end } = part.log
  const start =
    attempt === position.attempt ? position : { seq: position.seq, attempt, steps: 0, terminal: 0 }
  return { ...start, [log]: end }
}
