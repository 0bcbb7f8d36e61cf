// Lists of jobs, and how many refer to something.
import {
  createError,
  type JobState,
  type ReplyOf,
  type RequestOf,
  type schedulerMessages,
} from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import { readPauses } from '../dispatch/switch-store.ts'
import { readLastAsk } from '../runs/ask-store.ts'
import type { Limits } from '../runs/run.ts'
import type { Db, SchedulerStore } from '../scheduler-store.ts'
import { type ListedJob, toJobRow, toJobState } from './job.ts'
import {
  countByProfile,
  countByRepository,
  countJobs,
  countRunning,
  type JobFilter,
  readJobs,
} from './job-list-store.ts'
import type { Situation } from './waiting.ts'

type ListRequest = RequestOf<typeof schedulerMessages.listJobs>
type ListReply = ReplyOf<typeof schedulerMessages.listJobs>

/** Without a page, more jobs than these are refused. Source: API guide 1.3.4. */
const MOST_ROWS = 5_000
const PAGE_SIZE = 1_000

export interface JobListDeps {
  store: SchedulerStore
  clock: Clock
  limits: Limits
}

export interface JobLists {
  list(request: ListRequest): Promise<ListReply>
  /** The states of the jobs that exist. */
  states(ids: readonly number[]): Promise<JobState[]>
  countReferences(request: RequestOf<typeof schedulerMessages.countReferences>): Promise<number>
}

const NOTHING_WAITS: Situation = {
  limit: 0,
  limitPerRegion: 0,
  runningByRegion: new Map(),
  pauses: [],
  lastAsk: undefined,
}

async function readSituation(db: Db, limits: Limits): Promise<Situation> {
  const [runningByRegion, pauses, lastAsk] = await Promise.all([
    countRunning(db),
    readPauses(db),
    readLastAsk(db),
  ])
  return {
    limit: limits.running,
    limitPerRegion: limits.runningPerRegion,
    runningByRegion,
    pauses,
    lastAsk,
  }
}

export function createJobLists({ store, clock, limits }: JobListDeps): JobLists {
  const describe = async <R>(jobs: readonly ListedJob[], as: (...of: [ListedJob, Date, Situation]) => R) => {
    const waits = jobs.some(({ status }) => status === 'scheduled')
    const situation = waits ? await readSituation(store.db, limits) : NOTHING_WAITS
    const now = clock.now()
    return jobs.map((job) => as(job, now, situation))
  }
  const toRows = (jobs: readonly ListedJob[]) => describe(jobs, toJobRow)
  const listOne = async (id: number): Promise<ListReply> => {
    const jobs = await readJobs(store.db, { id }, { limit: 1, offset: 0 })
    if (jobs.length === 0) throw createError('SCHEDULER_JOB_NOT_FOUND', [id])
    return { rows: await toRows(jobs) }
  }
  const listAll = async (filter: JobFilter): Promise<ListReply> => {
    const jobs = await readJobs(store.db, filter, { limit: MOST_ROWS + 1, offset: 0 })
    if (jobs.length > MOST_ROWS) throw createError('SCHEDULER_TOO_MANY')
    return { rows: await toRows(jobs) }
  }
  const listPage = async (filter: JobFilter, page: number): Promise<ListReply> => {
    const totalPages = Math.max(1, Math.ceil((await countJobs(store.db, filter)) / PAGE_SIZE))
    if (page > totalPages) throw createError('INPUT_PAGE_UNKNOWN')
    const jobs = await readJobs(store.db, filter, { limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE })
    return { rows: await toRows(jobs), page, totalPages }
  }
  return {
    list({ id, page, scheduledFrom, ...rest }) {
      if (id !== undefined) return listOne(id)
      const from = scheduledFrom === undefined ? undefined : new Date(scheduledFrom)
      const filter = { ...rest, scheduledFrom: from }
      return page === undefined ? listAll(filter) : listPage(filter, page)
    },
    async states(ids) {
      const jobs = await readJobs(store.db, { ids }, { limit: ids.length, offset: 0 })
      return describe(jobs, toJobState)
    },
    countReferences: (request) =>
      'serverRepository' in request
        ? countByRepository(store.db, request.serverRepository)
        : countByProfile(store.db, request.commandProfile),
  }
}
