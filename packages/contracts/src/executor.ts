// Messages of the executors: progress of runs, session logs.
import { Type } from '@sinclair/typebox'
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
