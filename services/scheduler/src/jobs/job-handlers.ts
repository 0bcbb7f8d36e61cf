// What the bus may ask about jobs.
import type { Bus, Registration } from '@slipway/bus'
import { createError, schedulerMessages } from '@slipway/contracts'
import type { CreateJobs } from './job-create-service.ts'
import type { DeleteJobs } from './job-delete-service.ts'
import type { JobLists } from './job-list-service.ts'

export interface JobUseCases {
  createJobs: CreateJobs
  deleteJobs: DeleteJobs
  lists: JobLists
}

export function serveJobs(
  bus: Pick<Bus, 'serve'>,
  { createJobs, deleteJobs, lists }: JobUseCases,
): Registration[] {
  return [
    bus.serve(schedulerMessages.createJobs, async ({ rows }, { caller, requestId }) => {
      if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
      return { rows: await createJobs(rows, { user: caller.username, requestId }) }
    }),
    bus.serve(schedulerMessages.listJobs, (request) => lists.list(request)),
    bus.serve(schedulerMessages.deleteJobs, async (filter) => ({ rows: await deleteJobs(filter) })),
    bus.serve(schedulerMessages.countReferences, async (request) => ({
      count: await lists.countReferences(request),
    })),
  ]
}
