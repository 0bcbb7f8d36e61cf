// The claim: one statement that picks due jobs and marks them as in progress.
import type { ClaimedJob, InstallAction } from '@slipway/contracts'
import { hostIsNotPaused } from '../dispatch/switch-store.ts'
import { Prisma } from '../generated/client.ts'
import { type Db, toJobId } from '../scheduler-store.ts'
import type { Claim, Limits } from './run.ts'

/** Any number that no other advisory lock of this database has (two-key space). */
const CLAIM_LOCK = [0x5c4ed, 1] as const
/** Stands for "no limit" in SQL. */
const UNLIMITED = 2_147_483_647

interface ClaimedRow {
  id: bigint
  submission: number
  kind: ClaimedJob['kind']
  host_id: string
  hostname: string
  action: InstallAction | null
  server_repository: string | null
  server_directory: string
  software_packages: string[]
  command_profiles: string[]
  depends_on: bigint | null
  created_by: string
  request_id: string | null
}

const claimedColumns = Prisma.sql`job.id, job.submission, job.kind, job.host_id, job.hostname, job.action,
  job.server_repository, job.server_directory, job.software_packages, job.command_profiles, job.depends_on,
  job.created_by, job.request_id, job.scheduled_time`

/**
 * Claims go one after the other, across replicas: limits are exact, and a request that is repeated while its first
 * try is still at work waits and then finds its jobs.
 */
export async function lockClaims(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 AS locked FROM pg_advisory_xact_lock(${CLAIM_LOCK[0]}::int, ${CLAIM_LOCK[1]}::int)`
}

/** What a request with this id was given before and is still running. */
export async function readClaimed(tx: Db, { executorId, requestId }: Claim): Promise<ClaimedJob[]> {
  const rows = await tx.$queryRaw<ClaimedRow[]>`
    SELECT ${claimedColumns} FROM job
     WHERE job.status = 'in-progress' AND job.claimed_by = ${executorId} AND job.claim_request = ${requestId}
     ORDER BY job.scheduled_time, job.id`
  return rows.map(toClaimed)
}

/**
 * Takes due jobs. A host's row names its next job, so there is one per host by construction, and waiting jobs cost
 * nothing here. Steps: regions that have something waiting (by leaps over the index) → the first due hosts of each
 * region and kind that nothing pauses, as far as the region's limit allows → turns: installs and discoveries take turns so that as many
 * of each run while both wait; within a kind the earlier due goes first → hosts are locked, rows in use by others
 * are left to the next claim (who holds them announces work after his commit) → jobs and hosts are marked.
 */
export async function takeDue(tx: Db, claim: Claim, limits: Limits, now: Date): Promise<ClaimedJob[]> {
  const inAll = limits.running > 0 ? limits.running : UNLIMITED
  const perRegion = limits.runningPerRegion > 0 ? limits.runningPerRegion : UNLIMITED
  const rows = await tx.$queryRaw<ClaimedRow[]>`
    WITH RECURSIVE waiting (region) AS (
      (SELECT region FROM host WHERE next_due IS NOT NULL ORDER BY region LIMIT 1)
      UNION ALL
      SELECT (SELECT host.region FROM host WHERE host.next_due IS NOT NULL AND host.region > waiting.region
               ORDER BY host.region LIMIT 1)
        FROM waiting WHERE waiting.region IS NOT NULL
    ), running AS (
      SELECT job.kind, host.region, count(*)::int AS jobs FROM job JOIN host ON host.host_id = job.host_id
       WHERE job.status = 'in-progress' GROUP BY job.kind, host.region
    ), room AS (
      SELECT waiting.region, least(${claim.free}::int, ${perRegion}::int - coalesce(
               (SELECT sum(jobs)::int FROM running WHERE running.region = waiting.region), 0)) AS places
        FROM waiting WHERE waiting.region IS NOT NULL
    ), candidate AS (
      SELECT room.region, room.places, kind.kind, first.*
        FROM room CROSS JOIN (VALUES ('install'), ('inventory')) AS kind (kind)
       CROSS JOIN LATERAL (
             SELECT host.host_id, host.next_due, host.next_job_id FROM host
              WHERE host.region = room.region AND host.next_kind = kind.kind
                AND host.next_due <= ${now}::timestamptz AND ${hostIsNotPaused}
              ORDER BY host.next_due, host.next_job_id LIMIT greatest(room.places, 0)) first
    ), turn AS (
      SELECT candidate.*, row_number() OVER (PARTITION BY kind ORDER BY next_due, next_job_id)
               + coalesce((SELECT sum(jobs) FROM running WHERE running.kind = candidate.kind), 0) AS turn
        FROM candidate
    ), place AS (
      SELECT turn.*, row_number() OVER (PARTITION BY region ORDER BY turn, kind) AS place FROM turn
    ), chosen AS (
      SELECT host_id FROM place WHERE place <= places ORDER BY turn, kind
       LIMIT greatest(0, least(${claim.free}::int,
                               ${inAll}::int - (SELECT coalesce(sum(jobs), 0)::int FROM running)))
    ), due AS (
      SELECT host.host_id, host.next_job_id FROM host JOIN chosen ON chosen.host_id = host.host_id
       WHERE host.next_due <= ${now}::timestamptz
         FOR UPDATE OF host SKIP LOCKED
    ), taken AS (
      UPDATE job SET status = 'in-progress', status_time = ${now}::timestamptz, status_message = 'Starting',
             claimed_by = ${claim.executorId}, claim_request = ${claim.requestId},
             claimed_at = ${now}::timestamptz, confirmed_at = NULL
        FROM due
       WHERE job.id = due.next_job_id AND job.host_id = due.host_id
         AND job.status = 'scheduled' AND job.dependency_met
      RETURNING ${claimedColumns}
    ), busy AS (
      UPDATE host SET next_job_id = NULL, next_kind = NULL, next_due = NULL
        FROM taken WHERE host.host_id = taken.host_id
    )
    SELECT * FROM taken ORDER BY scheduled_time, id`
  return rows.map(toClaimed)
}

function toClaimed(row: ClaimedRow): ClaimedJob {
  return {
    jobId: toJobId(row.id),
    submission: row.submission,
    kind: row.kind,
    hostId: row.host_id,
    hostname: row.hostname,
    ...(row.action === null ? {} : { action: row.action }),
    ...(row.server_repository === null ? {} : { serverRepository: row.server_repository }),
    serverDirectory: row.server_directory,
    softwarePackages: row.software_packages,
    commandProfiles: row.command_profiles,
    ...(row.depends_on === null ? {} : { dependsOn: toJobId(row.depends_on) }),
    createdBy: row.created_by,
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
  }
}
