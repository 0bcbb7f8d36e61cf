// Lists of jobs. Conditions are joined from what is given, never from `undefined`.
import type { InstallAction, JobStatus } from '@slipway/contracts'
import { Prisma } from '../generated/client.ts'
import { isRunning, isWaiting, runningStatus } from '../runs/running-store.ts'
import { type Db, toJobId } from '../scheduler-store.ts'
import type { ListedJob } from './job.ts'

/** Filters, ANDed. With `id` or `ids` the others are not looked at. */
export interface JobFilter {
  id?: number | undefined
  ids?: readonly number[] | undefined
  hostname?: string | undefined
  action?: InstallAction | undefined
  status?: JobStatus | undefined
  scheduledFrom?: Date | undefined
}

interface ListedRow extends Omit<ListedJob, 'id' | 'dependency' | 'running' | 'next' | 'region'> {
  id: bigint
  dependsOn: bigint | null
  dependencyAction: InstallAction | null
  dependencyStatus: JobStatus | null
  runningId: bigint | null
  runningAction: InstallAction | null
  nextId: bigint | null
  nextAction: InstallAction | null
  region: string | null
}

// Literals, not parameters: with them the planner sees that a partial index serves.
const ofStatus = {
  scheduled: isWaiting,
  'in-progress': isRunning('job'),
  completed: Prisma.sql`job.status = 'completed'`,
  failed: Prisma.sql`job.status = 'failed'`,
} as const satisfies Record<JobStatus, Prisma.Sql>

function conditions(filter: JobFilter): Prisma.Sql {
  const parts = [Prisma.sql`job.kind = 'install'`]
  if (filter.id !== undefined) {
    parts.push(Prisma.sql`job.id = ${filter.id}::bigint`)
    return Prisma.join(parts, ' AND ')
  }
  if (filter.ids !== undefined) {
    parts.push(Prisma.sql`job.id = ANY(${[...filter.ids]}::bigint[])`)
    return Prisma.join(parts, ' AND ')
  }
  if (filter.hostname !== undefined) {
    // As an array it is looked up once, and the jobs come in order from the index over host and id.
    parts.push(Prisma.sql`job.host_id = ANY(ARRAY(
      SELECT host_id FROM host WHERE hostname = ${filter.hostname} AND released_at IS NULL))`)
  }
  if (filter.action !== undefined) parts.push(Prisma.sql`job.action = ${filter.action}`)
  if (filter.status !== undefined) parts.push(ofStatus[filter.status])
  if (filter.scheduledFrom !== undefined) {
    parts.push(Prisma.sql`job.scheduled_time >= ${filter.scheduledFrom}::timestamptz`)
  }
  return Prisma.join(parts, ' AND ')
}

/** A job of a list: as JSON of a JobRow once it has ended, else only its id, as what it waits for has to be told. */
export interface ShownJob {
  id: number
  ended: string | null
}

/** Jobs by id, those that have ended as PostgreSQL writes them: most of a history, and quicker than by objects. */
export async function showJobs(
  db: Db,
  filter: JobFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<ShownJob[]> {
  const rows = await db.$queryRaw<{ id: bigint; ended: string | null }[]>`
    SELECT job.id,
           CASE WHEN job.status IN ('completed', 'failed') THEN (
             SELECT json_strip_nulls(to_json(shown))::text
               FROM (SELECT job.id, job.host_id AS "hostId", job.hostname, job.action,
                            job.server_repository AS "serverRepository", job.server_directory AS "serverDirectory",
                            job.software_packages AS "softwarePackages", job.command_profiles AS "commandProfiles",
                            job.depends_on AS "dependsOn", ${iso('scheduled_time')} AS "scheduledTime",
                            ${iso('started_at')} AS "startedAt", job.status, ${iso('status_time')} AS "statusAt",
                            job.status_message AS "statusMessage", job.trace, job.warnings,
                            job.package_changes AS "packageChanges", job.created_by AS "createdBy",
                            ${iso('created_at')} AS "createdAt") shown) END AS ended
      FROM (SELECT * FROM job WHERE ${conditions(filter)}
             ORDER BY job.id LIMIT ${limit}::int OFFSET ${offset}::int) job
     ORDER BY job.id`
  return rows.map(({ id, ended }) => ({ id: toJobId(id), ended }))
}

/** A moment as messages carry it, `2026-11-21T08:00:00.000Z`: sessions are in UTC. */
const iso = (column: 'scheduled_time' | 'started_at' | 'status_time' | 'created_at') =>
  Prisma.raw(`to_char(job.${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`)

/** Jobs by id. The page is cut before anything is joined. */
export async function readJobs(
  db: Db,
  filter: JobFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<ListedJob[]> {
  const rows = await db.$queryRaw<ListedRow[]>`
    SELECT job.id, job.submission, job.host_id AS "hostId", job.hostname, job.action, job.server_repository AS "serverRepository",
           job.server_directory AS "serverDirectory", job.software_packages AS "softwarePackages",
           job.command_profiles AS "commandProfiles", job.scheduled_time AS "scheduledTime",
           job.depends_on AS "dependsOn", job.dependency_met AS "dependencyMet", ${runningStatus} AS status,
           coalesce(run.claimed_at, job.status_time) AS "statusTime",
           coalesce(run.status_message, job.status_message) AS "statusMessage", job.trace, job.warnings,
           job.package_changes AS "packageChanges", job.created_by AS "createdBy", job.created_at AS "createdAt",
           coalesce(job.started_at, run.confirmed_at) AS "startedAt", run.claimed_by AS "claimedBy",
           run.confirmed_at AS "confirmedAt", job.cancel_requested_by AS "cancelRequestedBy", host.region,
           dependency.action AS "dependencyAction",
           CASE WHEN ${isRunning('dependency')} THEN 'in-progress' ELSE dependency.status END AS "dependencyStatus",
           busy.job_id AS "runningId", other.action AS "runningAction", queue.job_id AS "nextId", next.action AS "nextAction"
      FROM (SELECT * FROM job WHERE ${conditions(filter)}
             ORDER BY job.id LIMIT ${limit}::int OFFSET ${offset}::int) job
      LEFT JOIN host ON host.host_id = job.host_id
      LEFT JOIN job dependency ON dependency.id = job.depends_on
      LEFT JOIN running run ON run.job_id = job.id
      LEFT JOIN running busy ON busy.host_id = job.host_id
      LEFT JOIN job other ON other.id = busy.job_id
      LEFT JOIN queue ON queue.host_id = job.host_id
      LEFT JOIN job next ON next.id = queue.job_id
     ORDER BY job.id`
  return rows.map(toListed)
}

function toListed(row: ListedRow): ListedJob {
  const { dependsOn, dependencyAction, dependencyStatus, region, ...others } = row
  const { runningId, runningAction, nextId, nextAction, ...rest } = others
  return {
    ...rest,
    id: toJobId(row.id),
    region: region ?? '',
    dependency:
      dependsOn === null
        ? undefined
        : { id: toJobId(dependsOn), action: dependencyAction, status: dependencyStatus },
    running: runningId === null ? undefined : { id: toJobId(runningId), action: runningAction },
    next: nextId === null ? undefined : { id: toJobId(nextId), action: nextAction },
  }
}

export async function countJobs(db: Db, filter: JobFilter): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM job WHERE ${conditions(filter)}`
  return rows[0]?.count ?? 0
}

/** Runs in progress by region, for limits. */
export async function countRunning(db: Db): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<{ region: string; count: number }[]>`
    SELECT region, count(*)::int AS count FROM running GROUP BY region`
  return new Map(rows.map(({ region, count }) => [region, count]))
}

/** Jobs that are not finished and use a server repository (only Add does). */
export async function countByRepository(db: Db, name: string): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM job
     WHERE status = 'scheduled' AND kind = 'install' AND action = 'Add'
       AND server_repository = ${name}`
  return rows[0]?.count ?? 0
}

/** Jobs that are not finished and use a custom command profile. */
export async function countByProfile(db: Db, name: string): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM job
     WHERE status = 'scheduled' AND kind = 'install' AND ${name} = ANY(command_profiles)`
  return rows[0]?.count ?? 0
}
