// Tells those who watch a job that its state changed, once the change is committed. A hint: who misses it asks every
// few seconds anyway, so what changes without being asked for (offers that expired, hosts that are deleted) tells nothing.
import type { RunService } from '../runs/run-service.ts'
import type { CancelJob } from './job-cancel-service.ts'
import type { DeleteJobs } from './job-delete-service.ts'
import type { ResubmitJob } from './job-resubmit-service.ts'

export type Announce = (jobIds: number[]) => void

interface ChangingUseCases {
  deleteJobs: DeleteJobs
  resubmitJob: ResubmitJob
  cancelJob: CancelJob
}

/** The same use cases, each telling which jobs it changed. */
export function announceJobs(announce: Announce, jobs: ChangingUseCases): ChangingUseCases {
  return {
    async deleteJobs(filter) {
      const rows = await jobs.deleteJobs(filter)
      announce(rows.filter(({ error }) => error === undefined).map(({ id }) => id))
      return rows
    },
    async resubmitJob(request, by) {
      const answer = await jobs.resubmitJob(request, by)
      announce([request.id])
      return answer
    },
    async cancelJob(id, by) {
      const answer = await jobs.cancelJob(id, by)
      announce([id])
      return answer
    },
  }
}

/** The same for what executors ask and deliver. */
export function announceRuns(announce: Announce, runs: RunService): RunService {
  return {
    ...runs,
    async claim(claim) {
      const answer = await runs.claim(claim)
      announce(answer.jobs.map(({ jobId }) => jobId))
      return answer
    },
    async confirm(confirmations) {
      const rows = await runs.confirm(confirmations)
      announce(confirmations.map(({ jobId }) => jobId))
      return rows
    },
    async recordResults(results) {
      await runs.recordResults(results)
      announce(results.map(({ jobId }) => jobId))
    },
  }
}
