// Messages of the executors: progress of runs, session logs.
import { Type } from '@sinclair/typebox'
import { JobPosition, JobRecordPart } from './job-record.ts'
import { defineDelivery, defineEvent, defineRpc, type Rpc } from './message.ts'
import { JobId, strict, Text } from './shapes.ts'

export const executorMessages = {
  /** Whether there are session logs of a job, without their bytes (these go over HTTP). */
  describeLogs: defineRpc('executor', 'log.describe', {
    request: strict({ jobId: JobId }),
    reply: strict({ files: Type.Array(strict({ name: Text, size: Type.Integer({ minimum: 0 }) })) }),
    permission: 'install.manage',
  }),
  /**
   * Permission to fetch the session logs of a job over HTTP from any executor within a minute: the bus has checked
   * the caller, the ticket says so to an HTTP server that knows no callers.
   */
  openLogs: defineRpc('executor', 'log.open', {
    request: strict({ jobId: JobId }),
    reply: strict({ ticket: Text }),
    permission: 'install.manage',
    timeoutMs: 1_900,
  }),
  /**
   * The next page of a job's record after a position: events and session log lines. A job without a run has none.
   * Pages are small; `more` is false where the page ends with the record as it was.
   */
  followJob: defineRpc('executor', 'job.follow', {
    request: strict({
      jobId: JobId,
      after: JobPosition,
      /** Nothing beyond this position, at which the page of somebody else ended: both go on together. */
      until: Type.Optional(JobPosition),
    }),
    /** `after` as it was understood: a position beyond the record is the end of the record. */
    reply: strict({ after: JobPosition, parts: Type.Array(JobRecordPart), more: Type.Boolean() }),
    permission: 'install.manage',
    timeoutMs: 5_000,
  }),
} as const satisfies Record<string, Rpc>

/** The HTTP header in which a ticket of `openLogs` is shown to an executor. */
export const logTicketHeader = 'x-slipway-ticket'

export const executorDeliveries = {
  /** Jobs that are gone (deleted, trimmed history): their logs and runs go too. */
  forgetJobs: defineDelivery('executor', 'job.forget', strict({ jobIds: Type.Array(JobId) })),
  /**
   * Somebody wants a running job stopped: before its next mutating command, on the device where that can be done.
   * Its result tells how it ended; a run that is completed by then stays so. Unknown runs are stored too: the
   * request may arrive before the run is on record.
   */
  cancelRun: defineDelivery(
    'executor',
    'run.cancel',
    strict({
      jobId: JobId,
      submission: Type.Integer({ minimum: 1 }),
      /** The user, as the result names them: `Cancelled by olga`. */
      requestedBy: Text,
      /** Of the request that asked for it. */
      requestId: Type.Optional(Text),
    }),
  ),
} as const

export const executorEvents = {
  /** A run was given back at a safe point because its executor stops: whoever has room takes it over now. */
  runReleased: defineEvent('executor', 'run.released', strict({ jobId: JobId })),
  /** A cancellation is on record; whoever holds the run hears of it at once instead of at the next renewal. */
  runCancelled: defineEvent(
    'executor',
    'run.cancelled',
    strict({ jobId: JobId, submission: Type.Integer({ minimum: 1 }), requestedBy: Text }),
  ),
  /** There is more of these jobs' record (events, log lines) than before: whoever follows it reads on. A few a second and job. */
  jobsNoted: defineEvent('executor', 'job.noted', strict({ jobIds: Type.Array(JobId) })),
  /** What a run is doing; lossy, for people who watch. At most one a second and run. */
  runProgressed: defineEvent(
    'executor',
    'run.progressed',
    strict({
      jobId: JobId,
      submission: Type.Integer({ minimum: 1 }),
      message: Text,
      percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    }),
  ),
} as const
