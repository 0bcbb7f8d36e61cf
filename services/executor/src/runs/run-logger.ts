import type { ClaimedJob } from '@slipway/contracts'
import type { Logger } from 'pino'
import type { Run } from './run.ts'

/** A log whose every line tells of which run it speaks, and which request wanted it. */
export function runLogger(log: Logger, { job, jobId, attempt }: Run): Logger {
  return log.child({ requestId: job.requestId, jobId, attempt, hostname: job.hostname })
}

/** What a question on behalf of a job carries, so that it is found under the id of the request that created the job. */
export function requestOf({ requestId }: ClaimedJob): { requestId?: string } {
  return requestId === undefined ? {} : { requestId }
}
