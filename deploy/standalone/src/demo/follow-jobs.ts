// Shows what jobs are doing until all of them ended: one line that is redrawn on a terminal, a line per change else.
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiClient, Job } from './api-client.ts'

const POLL_MS = 250

/** Follows the jobs of a host until each is completed or one failed. @returns the jobs as they ended */
export async function followJobs(
  api: ApiClient,
  hostname: string,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<Job[]> {
  const shown = new Map<number, string>()
  for (;;) {
    const { install_job_list: jobs } = await api.get<{ install_job_list: Job[] }>(
      `/install?hostname=${encodeURIComponent(hostname)}`,
    )
    for (const job of jobs) {
      const line = describe(job)
      if (line !== undefined && shown.get(job.id) !== line) print(line)
      if (line !== undefined) shown.set(job.id, line)
    }
    if (jobs.every((job) => job.status === 'completed') || jobs.some((job) => job.status === 'failed'))
      return jobs
    await pause(POLL_MS, undefined, { signal })
  }
}

function describe(job: Job): string | undefined {
  if (job.status === 'scheduled') return undefined
  const head = `  ${String(job.id).padStart(4)}  ${job.install_action.padEnd(12)}`
  if (job.status === 'completed') return `${head} completed`
  if (job.status === 'failed') return `${head} FAILED: ${job.status_message}`
  return `${head} ${job.status_message || 'in progress'}`
}
