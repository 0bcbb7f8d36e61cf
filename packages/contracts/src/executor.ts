// Messages of the executors: progress of runs, session logs.
import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { defineDelivery, defineEvent, defineRpc, type Rpc } from './message.ts'
import { JobId, Moment, oneOf, strict, Text } from './shapes.ts'

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
