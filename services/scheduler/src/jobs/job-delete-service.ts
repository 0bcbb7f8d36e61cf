// Deletion of jobs with all that depend on them. Jobs in progress and completed ones are never touched.
import {
  createError,
  type DeletedJob,
  type RequestOf,
  type schedulerMessages,
  toErrorBody,
} from '@slipway/contracts'
import { forgetJobs } from '../forget-store.ts'
import { lockHosts } from '../hosts/host-store.ts'
import { refreshHosts } from '../hosts/place-store.ts'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import { toDeletedRows } from './job.ts'
import { type DeleteFilter, deleteSelected, findJob, hostsOfSelected } from './job-delete-store.ts'

/** More than these in one request are refused before anything is deleted: the answer would not fit a message. */
const MOST_SELECTED = 100_000

export interface DeleteJobsDeps {
  store: SchedulerStore
  /** Jobs are gone: what their hosts do next may have changed, and executors are to forget them. */
  changed: () => void
}

export type DeleteJobs = (filter: RequestOf<typeof schedulerMessages.deleteJobs>) => Promise<DeletedJob[]>

export function createJobDeletion({ store, changed }: DeleteJobsDeps): DeleteJobs {
  return async (filter) => {
    const { id, hostId, status } = filter
    if (id === undefined && hostId === undefined && status === undefined) {
      throw createError('SCHEDULER_DELETE_FILTER_MISSING')
    }
    const rows = await store.transact((tx) => deleteRows(tx, filter), 'bulk')
    changed()
    return rows
  }
}

async function deleteRows(tx: Db, filter: DeleteFilter): Promise<DeletedJob[]> {
  if (filter.id !== undefined) return deleteOne(tx, filter.id, filter)
  const { hostIds, count } = await hostsOfSelected(tx, filter)
  if (count > MOST_SELECTED) throw createError('SCHEDULER_TOO_MANY')
  await lockHosts(tx, hostIds)
  return removeLocked(tx, filter, hostIds)
}

async function deleteOne(tx: Db, id: number, filter: DeleteFilter): Promise<DeletedJob[]> {
  const seen = await findJob(tx, id)
  if (seen !== undefined) await lockHosts(tx, [seen.hostId])
  // Once more: it may have been claimed or deleted before the lock was ours.
  const job = seen && (await findJob(tx, id))
  if (job === undefined) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [id])
  const meant = filter.hostId === undefined || filter.hostId === job.hostId
  const fits = filter.status === undefined || filter.status === job.status
  if (!meant || !fits) return []
  if (job.status === 'in-progress' || job.status === 'completed') {
    const code = job.status === 'completed' ? 'SCHEDULER_DELETE_COMPLETED' : 'SCHEDULER_DELETE_IN_PROGRESS'
    const { hostname, action } = job
    return [{ id, hostname, action, error: toErrorBody(createError(code, [id])) }]
  }
  return removeLocked(tx, filter, [job.hostId])
}

async function removeLocked(tx: Db, filter: DeleteFilter, hostIds: readonly string[]): Promise<DeletedJob[]> {
  const removed = await deleteSelected(tx, filter, hostIds)
  await refreshHosts(tx, new Set(removed.map(({ hostId }) => hostId)))
  await forgetJobs(
    tx,
    removed.map(({ id }) => id),
  )
  return toDeletedRows(removed)
}
