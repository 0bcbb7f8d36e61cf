// Rows of `running` as other statements look at them: a job is in progress while it has one.
import { Prisma } from '../generated/client.ts'

/** True for a row of `job`, under whatever name it stands in the statement, that is in progress. */
export const isRunning = (job: 'job' | 'waiting' | 'dependency'): Prisma.Sql =>
  Prisma.sql`EXISTS (SELECT 1 FROM running WHERE running.job_id = ${Prisma.raw(job)}.id)`

// `status` as a literal, not a parameter: with it the planner sees that a partial index serves.
/** True for a row of `job` that is scheduled and not in progress. */
export const isWaiting: Prisma.Sql = Prisma.sql`job.status = 'scheduled' AND NOT ${isRunning('job')}`

/** The status of a row of `job` that is joined with its row `run` of `running`, if it has one. */
export const runningStatus: Prisma.Sql = Prisma.sql`CASE WHEN run.job_id IS NULL THEN job.status ELSE 'in-progress' END`
