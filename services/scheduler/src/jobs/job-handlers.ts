// What the bus may ask about jobs.
import { type Bus, jsonText, type Registration } from '@slipway/bus'
import { createError, schedulerMessages } from '@slipway/contracts'
import type { CancelJob } from './job-cancel-service.ts'
import type { CreateJobs } from './job-create-service.ts'
import type { DeleteJobs } from './job-delete-service.ts'
import type { JobLists } from './job-list-service.ts'
import type { ResubmitJob } from './job-resubmit-service.ts'

export interface JobUseCases {
  createJobs: CreateJobs
  deleteJobs: DeleteJobs
  resubmitJob: ResubmitJob
  cancelJob: CancelJob
  lists: JobLists
}

export function serveJobs(
  bus: Pick<Bus, 'serve'>,
  { createJobs, deleteJobs, resubmitJob, cancelJob, lists }: JobUseCases,
): Registration[] {
  return [
    bus.serve(schedulerMessages.createJobs, async ({ rows, repeatable }, { caller, requestId }) => {
      if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
      const { first, ...created } = await createJobs(rows, { user: caller.username, requestId }, repeatable)
      return first === undefined ? created : { ...created, first }
    }),
    bus.serve(schedulerMessages.listJobs, async (request) => {
      const { rows, pages } = await lists.list(request)
      const place = pages === undefined ? '' : `,"page":${pages.page},"totalPages":${pages.totalPages}`
      return jsonText(`{"rows":${rows}${place}}`)
    }),
    bus.serve(schedulerMessages.watchJobs, async ({ ids }) => ({ rows: await lists.states(ids) })),
    bus.serve(schedulerMessages.deleteJobs, async (filter) => ({ rows: await deleteJobs(filter) })),
    bus.serve(schedulerMessages.resubmitJob, async (request, { caller, requestId }) => {
      if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
      return resubmitJob(request, { user: caller.username, requestId })
    }),
    bus.serve(schedulerMessages.cancelJob, async ({ id }, { caller, requestId }) => {
      if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
      return cancelJob(id, { user: caller.username, requestId })
    }),
    bus.serve(schedulerMessages.countReferences, async (request) => ({
      count: await lists.countReferences(request),
    })),
  ]
}
