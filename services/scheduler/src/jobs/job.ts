// Install jobs as messages show them, and what a deletion answers.
import type { DeletedJob, InstallAction, JobRow, JobState, JobStatus } from '@slipway/contracts'
import { groupBy } from './group-by.ts'
import { type Situation, type WaitingJob, whyWaiting } from './waiting.ts'

/** A job with what tells why it waits. */
export interface ListedJob extends WaitingJob {
  submission: number
  hostname: string
  action: InstallAction
  serverRepository: string | null
  serverDirectory: string
  softwarePackages: string[]
  commandProfiles: string[]
  status: JobStatus
  statusTime: Date | null
  statusMessage: string
  trace: string
  warnings: string[]
  packageChanges: string[]
  createdBy: string
  claimedBy: string | null
  confirmedAt: Date | null
  /** Who wants its run stopped. */
  cancelRequestedBy: string | null
  startedAt: Date | null
}

/** A job that was deleted; `selected` is false where it went as a dependent. */
export interface RemovedJob {
  id: number
  hostId: string
  hostname: string
  action: InstallAction
  dependsOn: number | undefined
  selected: boolean
}

/** A stored job as a row of an answer. */
export function toJobRow(job: ListedJob, now: Date, situation: Situation): JobRow {
  return {
    id: job.id,
    hostId: job.hostId,
    hostname: job.hostname,
    action: job.action,
    ...(job.serverRepository === null ? {} : { serverRepository: job.serverRepository }),
    serverDirectory: job.serverDirectory,
    softwarePackages: job.softwarePackages,
    commandProfiles: job.commandProfiles,
    ...(job.dependency === undefined ? {} : { dependsOn: job.dependency.id }),
    scheduledTime: job.scheduledTime.toISOString(),
    ...(job.startedAt === null ? {} : { startedAt: job.startedAt.toISOString() }),
    status: job.status,
    ...(job.statusTime === null ? {} : { statusAt: job.statusTime.toISOString() }),
    statusMessage: messageOf(job, now, situation),
    trace: job.trace,
    warnings: job.warnings,
    packageChanges: job.packageChanges,
    createdBy: job.createdBy,
    createdAt: job.createdAt.toISOString(),
  }
}

/** A stored job as those see it who watch it. */
export function toJobState(job: ListedJob, now: Date, situation: Situation): JobState {
  return {
    id: job.id,
    submission: job.submission,
    status: job.status,
    ...(job.statusTime === null ? {} : { statusAt: job.statusTime.toISOString() }),
    statusMessage: messageOf(job, now, situation),
  }
}

/** What a job waits for or is doing. */
function messageOf(job: ListedJob, now: Date, situation: Situation): string {
  if (job.status === 'scheduled') return whyWaiting(job, now, situation)
  if (job.status !== 'in-progress') return job.statusMessage
  if (job.confirmedAt === null) return `Starting: handed to executor ${job.claimedBy}`
  const { cancelRequestedBy: user, statusMessage } = job
  return user === null ? statusMessage : `Being cancelled by ${user}: ${statusMessage}`
}

/** A status as sentences of errors say it: `in progress`. */
export const stateInWords = (status: JobStatus): string => status.replace('-', ' ')

/**
 * Ids of dependents that an answer lists altogether; more only in deep chains made by hand, where listing each
 * dependent under each of its ancestors would grow with the square of their number. All jobs still have a row.
 */
const LISTED_DEPENDENTS = 100_000

/** First the selected jobs, each with everything that went because of it, then the dependents. */
export function toDeletedRows(removed: readonly RemovedJob[]): DeletedJob[] {
  const children = groupBy(removed, (job) => job.dependsOn)
  let budget = LISTED_DEPENDENTS
  const dependentsOf = (root: RemovedJob): number[] => {
    const found: number[] = []
    const toVisit = [root]
    for (let job = toVisit.pop(); job !== undefined && budget > 0; job = toVisit.pop()) {
      for (const child of children.get(job.id) ?? []) {
        found.push(child.id)
        toVisit.push(child)
        budget -= 1
      }
    }
    return found.sort((a, b) => a - b)
  }
  const row = ({ id, hostname, action }: RemovedJob) => ({ id, hostname, action })
  const selected = removed.filter((job) => job.selected)
  const dependents = removed.filter((job) => !job.selected)
  return [...selected.map((job) => ({ ...row(job), dependents: dependentsOf(job) })), ...dependents.map(row)]
}
