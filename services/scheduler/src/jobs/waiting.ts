// Why a job waits, said at the moment of asking: it follows from the state and would be stale if it were stored.
import type { InstallAction, JobStatus } from '@slipway/contracts'
import { type Pause, type Place, pauseOf } from '../dispatch/switch.ts'

/** What is known of a scheduled job. */
export interface WaitingJob extends Place {
  id: number
  scheduledTime: Date
  createdAt: Date
  dependencyMet: boolean
  /** Without action and status where it is no longer in the history. */
  dependency: { id: number; action: InstallAction | null; status: JobStatus | null } | undefined
  /** What runs on its host; without an action it is a discovery. */
  running: HostJob | undefined
  /** What runs next on its host, perhaps the job itself. */
  next: HostJob | undefined
}

interface HostJob {
  id: number
  action: InstallAction | null
}

/** What holds for all jobs at this moment. Limits are 0 where there is none. */
export interface Situation {
  limit: number
  limitPerRegion: number
  runningByRegion: ReadonlyMap<string, number>
  pauses: readonly Pause[]
  /** When any executor last asked for work. */
  lastAsk: Date | undefined
}

/** Executors that can work are woken when work is due and at each sweep: silence for longer says there are none. */
const SILENCE_S = 30
/** A job that could start only since a moment ago is not yet a reason to say so. */
const GRACE_MS = 15_000

/**
 * The reason in words. What a user can do something about comes before what only needs time, and what holds up much
 * before what holds up one job: a failed dependency, the time, the dependency, a pause (of everything, the region,
 * the host), the host that is busy, the limit of the region and that of all, no executors, the turn of another job
 * of the host, and last an executor with a free place.
 */
export function whyWaiting(job: WaitingJob, now: Date, situation: Situation): string {
  const { dependency } = job
  const blocked = !job.dependencyMet && dependency !== undefined
  if (blocked && dependency.status === 'failed') return waitsFor(dependency)
  if (job.scheduledTime > now) return 'Waiting for its scheduled time'
  if (blocked) return waitsFor(dependency)
  const pause = pauseOf(situation.pauses, job)
  if (pause !== undefined) return paused(pause)
  if (job.running !== undefined) return hostIsBusy(job.running)
  return (
    limitReached(job.region, situation) ??
    noExecutor(job, now, situation) ??
    anotherFirst(job) ??
    'Waiting for an executor'
  )
}

function waitsFor({ id, action, status }: NonNullable<WaitingJob['dependency']>): string {
  if (status === null) return `Waiting for dependency ${id}, which does not exist any more`
  return `Waiting for dependency ${id} (${action}, ${status})`
}

function paused({ scope, name, pausedBy, reason }: Pause): string {
  const what = scope === 'global' ? 'everything' : `${scope} ${name}`
  return `Waiting: ${what} is paused by ${pausedBy}${reason === '' ? '' : `: ${reason}`}`
}

const hostIsBusy = ({ id, action }: HostJob) =>
  action === null
    ? `Waiting: a discovery of the host is running (job ${id})`
    : `Waiting: job ${id} (${action}) is running on the host`

function limitReached(region: string, situation: Situation): string | undefined {
  const { limit, limitPerRegion, runningByRegion } = situation
  const inRegion = runningByRegion.get(region) ?? 0
  if (limitPerRegion > 0 && inRegion >= limitPerRegion) {
    return `Waiting: ${jobsRun(inRegion)} in region ${region}, which is the limit`
  }
  const all = countAll(situation)
  return limit > 0 && all >= limit ? `Waiting: ${jobsRun(all)}, which is the limit` : undefined
}

const jobsRun = (count: number) => (count === 1 ? '1 job is running' : `${count} jobs are running`)

const countAll = ({ runningByRegion }: Situation) =>
  [...runningByRegion.values()].reduce((sum, count) => sum + count, 0)

/** Executors whose places are all taken do not ask either; whether that is so, the number of runs suggests. */
function noExecutor(job: WaitingJob, now: Date, situation: Situation): string | undefined {
  const startable = Math.max(job.scheduledTime.getTime(), job.createdAt.getTime())
  if (now.getTime() - startable < GRACE_MS) return undefined
  const lastAsk = situation.lastAsk?.getTime() ?? Number.NEGATIVE_INFINITY
  if (now.getTime() - lastAsk <= SILENCE_S * 1_000) return undefined
  const running = countAll(situation)
  const silence = `Waiting: no executor has asked for work in the last ${SILENCE_S} seconds`
  return running === 0 ? silence : `${silence}; ${jobsRun(running)}`
}

function anotherFirst({ id, next }: WaitingJob): string | undefined {
  if (next === undefined || next.id === id) return undefined
  return next.action === null
    ? `Waiting: a discovery of the host goes first (job ${next.id})`
    : `Waiting: job ${next.id} (${next.action}) of the host goes first`
}
