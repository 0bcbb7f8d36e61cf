// Creation of jobs: all rows of a request in one transaction, in a fixed number of statements.
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  createError,
  type FirstAnswer,
  type InstallAction,
  type JobCreated,
  type JobInput,
  type RepeatableRequest,
  schedulerMessages,
  toErrorBody,
} from '@slipway/contracts'
import type { Clock, Logger } from '@slipway/service-kit'
import { ensureHosts, type LockedHosts, lockHosts } from '../hosts/host-store.ts'
import { type FirstJob, placeNewJobs } from '../hosts/place-store.ts'
import { answerOnce } from '../idempotency/idempotency-service.ts'
import type { SchedulerMetrics } from '../scheduler-metrics.ts'
import type { BulkDb, Db, SchedulerStore } from '../scheduler-store.ts'
import { type Link, planRows, type RowPlan } from './dependencies.ts'
import {
  type AskedJobs,
  type Creation,
  insertJobs,
  type NewJob,
  readKnownJobs,
  reserveIds,
} from './job-create-store.ts'

/** Rows that are made in one turn of the event loop, and sent together. */
const ROWS_PER_TURN = 500

export interface CreateJobsDeps {
  store: SchedulerStore
  clock: Clock
  /** Jobs were written: look whether work is due. */
  changed: () => void
  metrics: Pick<SchedulerMetrics, 'created'>
  log: Logger
}

export type CreateJobs = (
  rows: readonly JobInput[],
  by: Pick<Creation, 'user' | 'requestId'>,
  repeatable?: RepeatableRequest,
) => Promise<CreatedJobs>

/** Answers of the rows, in their order; if the request was answered before, its first answer instead. */
export interface CreatedJobs {
  readonly rows: JobCreated[]
  readonly first?: FirstAnswer
}

/** Answers every row: an id, perhaps with a warning, or why it could not be created. */
export function createJobCreation({ store, clock, changed, metrics, log }: CreateJobsDeps): CreateJobs {
  return async (rows, by, repeatable) => {
    assertMoments(rows)
    const creation = { ...by, now: clock.now() }
    const { rows: answers, first } = await store.transactBulk((tx) =>
      createOnce(tx, rows, creation, repeatable),
    )
    if (first !== undefined) return { rows: [], first }
    changed()
    const created = rows.filter((_, index) => answers[index]?.id !== undefined)
    metrics.created(created.map(({ action }) => action))
    log.info({ ...by, jobs: created.length, refused: rows.length - created.length }, 'jobs were created')
    return { rows: answers }
  }
}

/** Creates the jobs, unless the same request was answered before. */
async function createOnce(
  tx: BulkDb,
  rows: readonly JobInput[],
  by: Creation,
  repeatable: RepeatableRequest | undefined,
): Promise<CreatedJobs> {
  if (repeatable === undefined) return { rows: await createRows(tx, rows, by) }
  const request = { ...repeatable, username: by.user }
  const answer = await answerOnce(tx, request, by.now, async () => ({
    phase: 'creation',
    rows: await createRows(tx, rows, by),
  }))
  return answer.first === undefined ? { rows: answer.now.rows } : { rows: [], first: answer.first }
}

/** The contract cannot say that a moment exists; an unreadable one would compare as neither earlier nor later. */
function assertMoments(rows: readonly JobInput[]): void {
  if (rows.every(({ scheduledTime }) => Number.isFinite(Date.parse(scheduledTime)))) return
  throw createError('BUS_INVALID_PAYLOAD', [
    schedulerMessages.createJobs.subject,
    'scheduledTime is no moment',
  ])
}

async function createRows(tx: BulkDb, rows: readonly JobInput[], by: Creation): Promise<JobCreated[]> {
  // The locks keep what the rules see true until the commit: nobody else changes jobs of these hosts.
  const locking = lockAll(tx, new Map(rows.map(({ hostId, hostname }) => [hostId, hostname])))
  const asked = askedJobs(rows)
  const knownAfter = async () => {
    await locking
    return readKnownJobs(tx, asked)
  }
  // Where no row names a job that is there already, the rules need nothing but the rows: PostgreSQL locks meanwhile.
  const planning = async () =>
    planRows(rows, asked.ids.length + asked.actions.length > 0 ? await knownAfter() : [])
  const [{ released, regions }, planned] = await Promise.all([locking, planning()])
  const plans = planned.map((plan, index) => withoutReleased(plan, rows[index], released))
  const ids = await reserveFor(tx, plans)
  const firsts = new Map<string, FirstJob>()
  await insertJobs(tx, newJobs(rows, plans, ids, firsts), by)
  const placing = placeNewJobs(tx, [...firsts.values()], { regions, now: by.now })
  const answers = plans.map((plan, index) => answer(plan, index, rows, ids))
  await placing
  return answers
}

/** The jobs to be written, made as they are asked for, and of each host the first of them that could run. */
async function* newJobs(
  rows: readonly JobInput[],
  plans: readonly RowPlan[],
  ids: readonly (number | undefined)[],
  firsts: Map<string, FirstJob>,
): AsyncGenerator<NewJob[]> {
  for (let start = 0; start < rows.length; start += ROWS_PER_TURN) {
    if (start > 0) await nextTurn()
    const portion = rows.slice(start, start + ROWS_PER_TURN)
    const jobs = portion.flatMap((row, offset) =>
      newJob(row, ids[start + offset], plans[start + offset], ids),
    )
    for (const job of jobs) {
      if (!job.dependencyMet) continue
      const first = firsts.get(job.hostId)
      if (first === undefined || isEarlier(job, first)) firsts.set(job.hostId, job)
    }
    yield jobs
  }
}

/** Of two jobs at one time the one that was created first. */
const isEarlier = (job: FirstJob, other: FirstJob): boolean =>
  job.scheduledTime === other.scheduledTime
    ? job.id < other.id
    : Date.parse(job.scheduledTime) < Date.parse(other.scheduledTime)

/**
 * Locks hosts by their names' ids. One that the inventory has not told of yet gets its row, which is rare: only then
 * is there a second look, and a race with the same in another order, which is run again.
 */
async function lockAll(tx: Db, hosts: ReadonlyMap<string, string>): Promise<LockedHosts> {
  const known = await lockHosts(tx, hosts.keys())
  if (known.regions.size === hosts.size) return known
  await ensureHosts(tx, hosts)
  return lockHosts(tx, hosts.keys())
}

/** The inventory deleted the host while the request was under way. */
function withoutReleased(plan: RowPlan, row: JobInput | undefined, released: ReadonlySet<string>): RowPlan {
  if (row === undefined || !released.has(row.hostId)) return plan
  return { error: toErrorBody(createError('INVENTORY_HOSTNAME_INVALID', [row.hostname])) }
}

function askedJobs(rows: readonly JobInput[]): AskedJobs {
  const ids: number[] = []
  const actions: { hostId: string; action: InstallAction }[] = []
  for (const { hostId, dependency } of rows) {
    if (dependency === undefined) continue
    if ('jobId' in dependency) ids.push(dependency.jobId)
    if ('action' in dependency) actions.push({ hostId, action: dependency.action })
  }
  return { ids, actions }
}

/** An id for each row that is created, in the order of the rows. */
async function reserveFor(tx: Db, plans: readonly RowPlan[]): Promise<(number | undefined)[]> {
  const count = plans.filter((plan) => !('error' in plan)).length
  const reserved = (count > 0 ? await reserveIds(tx, count) : []).values()
  return plans.map((plan) => ('error' in plan ? undefined : reserved.next().value))
}

function newJob(
  row: JobInput,
  id: number | undefined,
  plan: RowPlan | undefined,
  ids: readonly (number | undefined)[],
): NewJob[] {
  if (id === undefined || plan === undefined || 'error' in plan) return []
  return [{ row, id, hostId: row.hostId, scheduledTime: row.scheduledTime, ...dependencyOf(plan.link, ids) }]
}

function dependencyOf(link: Link | undefined, ids: readonly (number | undefined)[]) {
  if (link === undefined) return { dependsOn: undefined, dependencyMet: true }
  if ('row' in link) return { dependsOn: ids[link.row], dependencyMet: false }
  return { dependsOn: link.job.id, dependencyMet: link.job.status === 'completed' }
}

function answer(
  plan: RowPlan,
  index: number,
  rows: readonly JobInput[],
  ids: readonly (number | undefined)[],
): JobCreated {
  const id = ids[index]
  if ('error' in plan) return { error: plan.error }
  if (id === undefined) return { error: toErrorBody(createError('INTERNAL_UNEXPECTED')) }
  if (!plan.later || plan.link === undefined || !('row' in plan.link)) return { id }
  const previous = rows[plan.link.row]?.action ?? ''
  return {
    id,
    warning: `The job depends on job ${ids[plan.link.row] ?? ''} (${previous}), which is scheduled later, and will wait for it.`,
  }
}
