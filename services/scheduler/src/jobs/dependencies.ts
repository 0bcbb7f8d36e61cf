// What the rows of an installation request depend on (API guide 1.3; REST contract section 5, phase 2).
// Pure rules over the request and a snapshot of the jobs it may refer to:
// - without a dependency, a row of the chain waits for the nearest earlier link of its host in the request;
// - a dependency by id or by action is looked up, and may be refused;
// - a row that cannot be created takes all rows with it that depend on it, directly or not.
// The order of the rows plays no part.
import {
  chainPosition,
  createError,
  type DependencyInput,
  type ErrorBody,
  type ErrorCode,
  type InstallAction,
  type JobInput,
  type JobStatus,
  toErrorBody,
} from '@slipway/contracts'
import { groupBy } from './group-by.ts'

/** A job that exists, as far as a dependency on it is concerned. */
export interface KnownJob {
  id: number
  hostId: string
  action: InstallAction
  /** Milliseconds since 1970. */
  scheduledTime: number
  status: JobStatus
}

/** What a row depends on: a job that exists, or another row of the request (by its index). */
export type Link = { job: KnownJob } | { row: number }

/** What becomes of a row. `later`: its implicit dependency is scheduled after it. */
export type RowPlan = { link: Link | undefined; later: boolean } | { error: ErrorBody }

/** A row that can be placed: hosts are compared by id, times by their milliseconds. */
type Row = Pick<JobInput, 'hostId' | 'action' | 'scheduledTime' | 'dependency'>

interface Placed {
  index: number
  hostId: string
  action: InstallAction
  time: number
  dependency: DependencyInput | undefined
}

interface Candidate {
  link: Link
  time: number
  /** Rows of the request get higher ids than any job that exists. */
  rank: number
}

type FirstPlan = { link: Link | undefined; explicit: string | undefined } | { error: ErrorBody }

const refuse = (code: ErrorCode, asGiven: string) => ({ error: toErrorBody(createError(code, [asGiven])) })
const followsRefused = () => ({ error: toErrorBody(createError('SCHEDULER_DEPENDENCY_ROW_FAILED')) })

/**
 * Plans the rows of one request.
 * @param rows validated rows, at most one per host and action
 * @param jobs at least the jobs that the rows name by id, and those of the actions they name on their hosts
 * @returns one plan per row, in their order
 */
export function planRows(rows: readonly Row[], jobs: readonly KnownJob[]): RowPlan[] {
  const placed = rows.map(place)
  const byHost = groupBy(placed, (row) => row.hostId)
  const known = indexJobs(jobs)
  const first = placed.map((row) => firstPlan(row, byHost.get(row.hostId) ?? [], known))
  const open = refuseCircles(first)
  const refused = refusedRows(open)
  return open.map((plan, index) => {
    if ('error' in plan) return plan
    if (refused.has(index)) return followsRefused()
    return { link: plan.link, later: isLater(placed, index, nextRow(plan)) }
  })
}

function place(row: Row, index: number): Placed {
  const { hostId, action, dependency } = row
  return { index, hostId, action, dependency, time: Date.parse(row.scheduledTime) }
}

interface KnownJobs {
  byId: ReadonlyMap<number, KnownJob>
  byAction: ReadonlyMap<string, KnownJob[]>
}

const actionKey = (hostId: string, action: string) => `${hostId} ${action}`

function indexJobs(jobs: readonly KnownJob[]): KnownJobs {
  return {
    byId: new Map(jobs.map((job) => [job.id, job])),
    byAction: groupBy(jobs, (job) => actionKey(job.hostId, job.action)),
  }
}

/** A row on its own: what it names, or its place in the chain. */
function firstPlan(row: Placed, siblings: readonly Placed[], known: KnownJobs): FirstPlan {
  const { dependency } = row
  if (dependency === undefined) return { link: previousLink(row, siblings), explicit: undefined }
  if ('jobId' in dependency) return byId(row, dependency, known)
  if ('action' in dependency) return byAction(row, dependency, siblings, known)
  return refuse('SCHEDULER_DEPENDENCY_INVALID', dependency.asGiven)
}

/** The nearest earlier link of the chain that the request has for the host. */
function previousLink(row: Placed, siblings: readonly Placed[]): Link | undefined {
  const own = chainPosition(row.action)
  let nearest: Placed | undefined
  for (const other of siblings) {
    const position = chainPosition(other.action)
    if (position < 0 || position >= own) continue
    if (nearest === undefined || position > chainPosition(nearest.action)) nearest = other
  }
  return nearest && { row: nearest.index }
}

function byId(row: Placed, asked: { jobId: number; asGiven: string }, known: KnownJobs): FirstPlan {
  const job = known.byId.get(asked.jobId)
  if (job === undefined) return refuse('SCHEDULER_DEPENDENCY_NOT_FOUND', asked.asGiven)
  if (job.hostId !== row.hostId) return refuse('SCHEDULER_DEPENDENCY_OTHER_HOST', asked.asGiven)
  if (job.scheduledTime > row.time) return refuse('SCHEDULER_DEPENDENCY_LATER', asked.asGiven)
  if (job.status === 'failed') return refuse('SCHEDULER_DEPENDENCY_FAILED', asked.asGiven)
  return { link: { job }, explicit: asked.asGiven }
}

/** The latest-scheduled job of the action that is not later than the row; its status plays no part in the choice. */
function byAction(
  row: Placed,
  asked: { action: InstallAction; asGiven: string },
  siblings: readonly Placed[],
  known: KnownJobs,
): FirstPlan {
  const jobs = known.byAction.get(actionKey(row.hostId, asked.action)) ?? []
  const candidates: Candidate[] = [
    ...jobs.map((job) => ({ link: { job }, time: job.scheduledTime, rank: job.id })),
    ...siblings
      .filter((other) => other.action === asked.action && mayPrecede(other, row))
      .map((other) => ({ link: { row: other.index }, time: other.time, rank: Number.MAX_SAFE_INTEGER })),
  ]
  const chosen = latest(candidates.filter((candidate) => candidate.time <= row.time))
  if (chosen === undefined) {
    const later = candidates.length > 0
    return refuse(later ? 'SCHEDULER_DEPENDENCY_LATER' : 'SCHEDULER_DEPENDENCY_INVALID', asked.asGiven)
  }
  if ('job' in chosen && chosen.job.status === 'failed') {
    return refuse('SCHEDULER_DEPENDENCY_FAILED', asked.asGiven)
  }
  return { link: chosen, explicit: asked.asGiven }
}

/** Whether a row may wait for another of its request: never for itself, in the chain only for earlier links. */
function mayPrecede(other: Placed, row: Placed): boolean {
  if (other.index === row.index) return false
  const [before, after] = [chainPosition(other.action), chainPosition(row.action)]
  return before < 0 || after < 0 || before < after
}

function latest(candidates: readonly Candidate[]): Link | undefined {
  let best: Candidate | undefined
  for (const candidate of candidates) {
    const better =
      best === undefined ||
      candidate.time > best.time ||
      (candidate.time === best.time && candidate.rank > best.rank)
    if (better) best = candidate
  }
  return best?.link
}

/** The row that a plan waits for within the request. */
function nextRow(plan: FirstPlan | undefined): number | undefined {
  if (plan === undefined || 'error' in plan || plan.link === undefined) return undefined
  return 'row' in plan.link ? plan.link.row : undefined
}

/** Rows of a circle never run: each of them that named its dependency is refused, the others follow from it. */
function refuseCircles(plans: readonly FirstPlan[]): FirstPlan[] {
  const circular = rowsOnCircles(plans)
  return plans.map((plan, index) => {
    if ('error' in plan || plan.explicit === undefined || !circular.has(index)) return plan
    return refuse('SCHEDULER_DEPENDENCY_INVALID', plan.explicit)
  })
}

/** Each row waits for one other at most, so a walk either ends, meets an earlier walk, or closes a circle. */
function rowsOnCircles(plans: readonly FirstPlan[]): Set<number> {
  const circular = new Set<number>()
  const walkOf = new Map<number, number>()
  for (const start of plans.keys()) {
    let index: number | undefined = start
    while (index !== undefined && !walkOf.has(index)) {
      walkOf.set(index, start)
      index = nextRow(plans[index])
    }
    if (index === undefined || walkOf.get(index) !== start) continue
    for (let at: number | undefined = index; at !== undefined && !circular.has(at); at = nextRow(plans[at])) {
      circular.add(at)
    }
  }
  return circular
}

/** All rows that cannot be created: refused ones, and those that wait for them. */
function refusedRows(plans: readonly FirstPlan[]): Set<number> {
  const dependents = groupBy(plans.keys(), (index) => nextRow(plans[index]))
  const refused = new Set<number>()
  const toVisit = [...plans.keys()].filter((index) => 'error' in (plans[index] ?? {}))
  for (let index = toVisit.pop(); index !== undefined; index = toVisit.pop()) {
    if (refused.has(index)) continue
    refused.add(index)
    toVisit.push(...(dependents.get(index) ?? []))
  }
  return refused
}

/** Only an implicit link can be later than its row: explicit ones are refused then. */
function isLater(placed: readonly Placed[], row: number, previous: number | undefined): boolean {
  const [own, other] = [placed[row], previous === undefined ? undefined : placed[previous]]
  return own !== undefined && other !== undefined && other.time > own.time
}
