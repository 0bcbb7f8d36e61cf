// Why a job waits, said at the moment of asking: it follows from the state and would be stale if it were stored.
import type { InstallAction, JobStatus } from '@slipway/contracts'

/** What is known of a scheduled job. */
export interface WaitingJob {
  scheduledTime: Date
  dependencyMet: boolean
  /** Without action and status where it is no longer in the history (it was completed). */
  dependency: { id: number; action: InstallAction | null; status: JobStatus | null } | undefined
  /** What runs on its host; without an action it is a discovery. */
  running: { id: number; action: InstallAction | null } | undefined
  region: string
}

/** How many jobs may run, and do. Limits are 0 where there is none. */
export interface Load {
  limit: number
  limitPerRegion: number
  runningByRegion: ReadonlyMap<string, number>
}

/** The reason in words. What a user can do something about comes before what only needs time. */
export function whyWaiting(job: WaitingJob, now: Date, load: Load): string {
  const { dependency } = job
  const blocked = !job.dependencyMet && dependency !== undefined
  if (blocked && dependency.status === 'failed') return waitsFor(dependency)
  if (job.scheduledTime > now) return 'Waiting for the scheduled time'
  if (blocked) return waitsFor(dependency)
  if (job.running !== undefined) return hostIsBusy(job.running)
  return limitReached(job.region, load) ?? 'Waiting for an executor'
}

const waitsFor = ({ id, action, status }: NonNullable<WaitingJob['dependency']>) =>
  `Waiting for dependency ${id} (${action}, ${status})`

const hostIsBusy = ({ id, action }: NonNullable<WaitingJob['running']>) =>
  action === null
    ? 'Waiting: a discovery of the host is running'
    : `Waiting: job ${id} (${action}) is running on the host`

function limitReached(region: string, load: Load): string | undefined {
  const inRegion = load.runningByRegion.get(region) ?? 0
  if (load.limitPerRegion > 0 && inRegion >= load.limitPerRegion) {
    return `Waiting: ${inRegion} jobs are running in region ${region}, which is the limit`
  }
  const all = [...load.runningByRegion.values()].reduce((sum, count) => sum + count, 0)
  return load.limit > 0 && all >= load.limit
    ? `Waiting: ${all} jobs are running, which is the limit`
    : undefined
}
