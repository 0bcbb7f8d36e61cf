// Routes of installation jobs. Source: API guide, section 1.3; REST contract, section 5.
import {
  createError,
  hasCode,
  inventoryMessages,
  isInstallAction,
  isSlipwayError,
  type JobStatus,
  jobStatuses,
  type RequestOf,
  schedulerMessages,
} from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import type { ApiCall, ApiRoute } from '../http/api-route.ts'
import type { Asker, Backend } from '../http/backend.ts'
import { statusOfRows, success } from '../http/envelope.ts'
import { pageParameter, readJobId } from '../http/query.ts'
import { timeWriter } from '../http/time-text.ts'
import { readName } from '../rows/text-rules.ts'
import { jobChangeRoutes } from './job-change-routes.ts'
import { renderDeleted, renderJob } from './job-rows.ts'
import { submitJobs } from './submit.ts'
import { readQueryOffset, readQueryTime } from './times.ts'

/** Routes of installation jobs but their session logs. */
export function installRoutes(backend: Backend, clock: Pick<Clock, 'now'>): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/install',
      permission: 'install.manage',
      rows: true,
      repeatable: true,
      handle: (call) => submitJobs(backend, call, clock.now().toISOString()),
    },
    {
      method: 'GET',
      path: '/install',
      permission: 'read',
      query: ['id', 'hostname', 'install_action', 'status', 'scheduled_time', 'utc_offset', 'page'],
      // With an id the other filters are not even looked at; the offset still says how times are written.
      unread: (present) => (name) => present.has('id') && name !== 'id' && name !== 'utc_offset',
      handle: (call) => listJobs(backend, call),
    },
    ...jobChangeRoutes(backend),
    {
      method: 'DELETE',
      path: '/install/delete',
      permission: 'install.manage',
      query: ['id', 'hostname', 'status'],
      handle: (call) => deleteJobs(backend, call),
    },
  ]
}

/** A host that has jobs exists, so the inventory is asked only about one that seems to have none. */
async function listJobs(backend: Backend, call: ApiCall) {
  const hostname = hostnameFilter(call)
  try {
    const { filter, offset } = readFilter(call, hostname)
    const reply = await backend.ask(call, schedulerMessages.listJobs, filter)
    if (reply.rows.length === 0) await findHost(backend, call, hostname)
    const time = timeWriter(offset)
    const paged = filter.page !== undefined
    const pages = paged ? { current_page: reply.page, total_pages: reply.totalPages } : {}
    return success({ install_job_list: reply.rows.map((row) => renderJob(row, time)) }, pages)
  } catch (error) {
    // That there is no such host is said before anything that is wrong with the rest of the question.
    if (isSlipwayError(error) && error.kind === 'Input') await findHost(backend, call, hostname)
    throw error
  }
}

/** With an id the other filters are not looked at. Error: ROW_INVALID_CHARACTERS. */
function hostnameFilter({ query }: ApiCall): string | undefined {
  const { id, hostname } = query
  return id !== undefined || hostname === undefined ? undefined : readName('hostname', hostname)
}

interface ListFilter {
  filter: RequestOf<typeof schedulerMessages.listJobs>
  offset: number | undefined
}

function readFilter({ query }: ApiCall, hostname: string | undefined): ListFilter {
  if (query['id'] !== undefined) {
    const id = readJobId(query['id'])
    if (id === undefined || id === 0) throw createError('SCHEDULER_JOB_NOT_FOUND', [query['id']])
    return { filter: { id }, offset: readQueryOffset(query['utc_offset']) }
  }
  const action = query['install_action']
  if (action !== undefined && !isInstallAction(action))
    throw createError('SCHEDULER_ACTION_INVALID', [action])
  const status = query['status']
  if (status !== undefined && !isJobStatus(status)) throw createError('SCHEDULER_STATUS_INVALID', [status])
  const offset = readQueryOffset(query['utc_offset'])
  const scheduledFrom = readQueryTime(query['scheduled_time'], offset)
  const filter = {
    ...(hostname === undefined ? {} : { hostname }),
    ...(action === undefined ? {} : { action }),
    ...(status === undefined ? {} : { status }),
    ...(scheduledFrom === undefined ? {} : { scheduledFrom }),
    ...(query['page'] === undefined ? {} : { page: pageParameter(query['page']) }),
  }
  return { filter, offset }
}

function isJobStatus(status: string): status is JobStatus {
  return (jobStatuses as readonly string[]).includes(status)
}

/** Id of a host given as filter. Errors: ROW_INVALID_CHARACTERS, INVENTORY_HOST_NOT_FOUND. */
async function findHost(
  { ask }: Backend,
  asker: Asker,
  given: string | undefined,
): Promise<string | undefined> {
  if (given === undefined) return undefined
  const hostname = readName('hostname', given)
  const names = { hostnames: [hostname], repositories: [], profiles: [] }
  const { hosts } = await ask(asker, inventoryMessages.resolveNames, names)
  const host = hosts.find((row) => row.hostname === hostname)
  if (host === undefined) throw createError('INVENTORY_HOST_NOT_FOUND', [hostname])
  return host.id
}

async function deleteJobs(backend: Backend, call: ApiCall) {
  const { id: givenId, hostname, status } = call.query
  if (givenId === undefined && hostname === undefined && status === undefined) {
    throw createError('SCHEDULER_DELETE_FILTER_MISSING')
  }
  const id = givenId === undefined ? undefined : readJobId(givenId)
  if (givenId !== undefined && (id === undefined || id === 0)) {
    throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [givenId])
  }
  const hostId = await findHost(backend, call, hostname)
  if (status !== undefined && status !== 'failed' && status !== 'scheduled') {
    throw createError('SCHEDULER_DELETE_STATUS')
  }
  const reply = await backend.ask(call, schedulerMessages.deleteJobs, {
    ...(id === undefined ? {} : { id }),
    ...(hostId === undefined ? {} : { hostId }),
    ...(status === undefined ? {} : { status }),
  })
  const rows = reply.rows.map(renderDeleted)
  return { ...success({ install_job_list: rows }), status: statusOfRows(rows) }
}

/** Refuses a request for session logs of a job that does not exist. Errors: SCHEDULER_JOB_ID_MISSING, _DELETE_JOB_NOT_FOUND. */
export async function assertJobExists({ ask }: Backend, asker: Asker, givenId: string): Promise<void> {
  const id = readJobId(givenId)
  if (id === undefined) throw createError('SCHEDULER_JOB_ID_MISSING')
  if (id === 0) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [givenId])
  const { rows } = await ask(asker, schedulerMessages.listJobs, { id }).catch((error: unknown) => {
    if (hasCode(error, 'SCHEDULER_JOB_NOT_FOUND')) return { rows: [] }
    throw error
  })
  if (rows.length === 0) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [givenId])
}
