// Lists of jobs, and how many refer to something.
import { createError, type JobState, type RequestOf, type schedulerMessages } from '@slipway/contracts'
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
  type ShownJob,
  showJobs,
} from './job-list-store.ts'
import type { Situation } from './waiting.ts'

type ListRequest = RequestOf<typeof schedulerMessages.listJobs>

/** Without a page, more jobs than these are refused. Source: API guide 1.3.4. */
const MOST_ROWS = 5_000
const PAGE_SIZE = 1_000

export interface JobListDeps {
  store: SchedulerStore
  clock: Clock
  limits: Limits
}

/** A list of jobs, and where it stands among others if a page was asked for. */
export interface JobListText {
  /** JSON of a list of JobRow. */
  rows: string
  pages?: { page: number; totalPages: number }
}

export interface JobLists {
  list(request: ListRequest): Promise<JobListText>
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
  const toText = async (jobs: readonly ShownJob[]): Promise<string> => {
    const ids = jobs.filter(({ ended }) => ended === null).map(({ id }) => id)
    const others = ids.length === 0 ? [] : await readJobs(store.db, { ids }, { limit: ids.length, offset: 0 })
    const rows = await describe(others, toJobRow)
    const texts = new Map(rows.map((row) => [row.id, JSON.stringify(row)]))
    // One that was deleted between the two looks is in neither.
    return `[${jobs.flatMap(({ id, ended }) => ended ?? texts.get(id) ?? []).join(',')}]`
  }
  const listOne = async (id: number): Promise<JobListText> => {
    const jobs = await showJobs(store.db, { id }, { limit: 1, offset: 0 })
    if (jobs.length === 0) throw createError('SCHEDULER_JOB_NOT_FOUND', [id])
    return { rows: await toText(jobs) }
  }
  const listAll = async (filter: JobFilter): Promise<JobListText> => {
    const jobs = await showJobs(store.db, filter, { limit: MOST_ROWS + 1, offset: 0 })
    if (jobs.length > MOST_ROWS) throw createError('SCHEDULER_TOO_MANY')
    return { rows: await toText(jobs) }
  }
  const listPage = async (filter: JobFilter, page: number): Promise<JobListText> => {
    const totalPages = Math.max(1, Math.ceil((await countJobs(store.db, filter)) / PAGE_SIZE))
    if (page > totalPages) throw createError('INPUT_PAGE_UNKNOWN')
    const jobs = await showJobs(store.db, filter, { limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE })
    return { rows: await toText(jobs), pages: { page, totalPages } }
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
