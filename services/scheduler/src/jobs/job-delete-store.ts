// Statements behind the deletion of jobs. Whoever calls them holds the locks of the hosts.
import type { InstallAction, JobStatus } from '@slipway/contracts'
import { Prisma } from '../generated/client.ts'
import { isRunning, isWaiting, runningStatus } from '../runs/running-store.ts'
import { type Db, toJobId } from '../scheduler-store.ts'
import type { RemovedJob } from './job.ts'

/** Which jobs are meant: install jobs that are scheduled or failed, and fit everything that is given. */
export interface DeleteFilter {
  id?: number | undefined
  hostId?: string | undefined
  status?: 'failed' | 'scheduled' | undefined
}

// Literals, not parameters: with them the planner sees that a partial index serves.
const deletable = {
  failed: Prisma.sql`job.status = 'failed'`,
  scheduled: isWaiting,
  both: Prisma.sql`job.status IN ('failed', 'scheduled') AND NOT ${isRunning('job')}`,
}

function conditions(filter: DeleteFilter): Prisma.Sql {
  const parts = [Prisma.sql`job.kind = 'install'`, deletable[filter.status ?? 'both']]
  if (filter.id !== undefined) parts.push(Prisma.sql`job.id = ${filter.id}::bigint`)
  if (filter.hostId !== undefined) parts.push(Prisma.sql`job.host_id = ${filter.hostId}::uuid`)
  return Prisma.join(parts, ' AND ')
}

/** Hosts with jobs that the filter selects now, and how many these are. */
export async function hostsOfSelected(
  tx: Db,
  filter: DeleteFilter,
): Promise<{ hostIds: string[]; count: number }> {
  const rows = await tx.$queryRaw<{ host_id: string; count: number }[]>`
    SELECT host_id, count(*)::int AS count FROM job WHERE ${conditions(filter)} GROUP BY host_id`
  return {
    hostIds: rows.map((row) => row.host_id),
    count: rows.reduce((sum, row) => sum + row.count, 0),
  }
}

/** One install job, whatever its status. */
export async function findJob(
  tx: Db,
  id: number,
): Promise<{ hostId: string; hostname: string; action: InstallAction; status: JobStatus } | undefined> {
  const rows = await tx.$queryRaw<
    { host_id: string; hostname: string; action: InstallAction; status: JobStatus }[]
  >`SELECT job.host_id, job.hostname, job.action, ${runningStatus} AS status
      FROM job LEFT JOIN running run ON run.job_id = job.id WHERE job.id = ${id}::bigint AND job.kind = 'install'`
  const row = rows[0]
  return row && { hostId: row.host_id, hostname: row.hostname, action: row.action, status: row.status }
}

interface RemovedRow {
  id: bigint
  host_id: string
  hostname: string
  action: InstallAction
  depends_on: bigint | null
  selected: boolean
}

/** Deletes the selected jobs of the locked hosts with all that depend on them, directly or not. */
export async function deleteSelected(
  tx: Db,
  filter: DeleteFilter,
  lockedHosts: readonly string[],
): Promise<RemovedJob[]> {
  const rows = await tx.$queryRaw<RemovedRow[]>`
    WITH RECURSIVE gone AS (
      SELECT job.id, true AS selected FROM job
       WHERE ${conditions(filter)} AND job.host_id = ANY(${lockedHosts}::uuid[])
      UNION
      SELECT job.id, false FROM job JOIN gone ON job.depends_on = gone.id
       WHERE ${deletable.both}
    ), each_once AS (
      SELECT id, bool_or(selected) AS selected FROM gone GROUP BY id
    )
    DELETE FROM job USING each_once WHERE job.id = each_once.id
    RETURNING job.id, job.host_id, job.hostname, job.action, job.depends_on, each_once.selected`
  return rows.map(toRemoved).sort((a, b) => a.id - b.id)
}

function toRemoved(row: RemovedRow): RemovedJob {
  return {
    id: toJobId(row.id),
    hostId: row.host_id,
    hostname: row.hostname,
    action: row.action,
    dependsOn: row.depends_on === null ? undefined : toJobId(row.depends_on),
    selected: row.selected,
  }
}
