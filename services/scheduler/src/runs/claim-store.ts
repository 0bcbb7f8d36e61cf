// The claim: one statement that picks due jobs and has them run.
import type { ClaimedJob } from '@slipway/contracts'
import { jsonRows } from '@slipway/database'
import { queueIsNotPaused } from '../dispatch/switch-store.ts'
import { Prisma } from '../generated/client.ts'
import type { Db } from '../scheduler-store.ts'
import type { Claim, Limits } from './run.ts'

/** Any number that no other advisory lock of this database has (two-key space). */
const CLAIM_LOCK = [0x5c4ed, 1] as const
/** Stands for "no limit" in SQL. */
const UNLIMITED = 2_147_483_647

/**
 * Claims go one after the other, across replicas: limits are exact, and a request that is repeated while its first
 * try is still at work waits and then finds its jobs.
 */
export async function lockClaims(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 AS locked FROM pg_advisory_xact_lock(${CLAIM_LOCK[0]}::int, ${CLAIM_LOCK[1]}::int)`
}

/** What runs, as a claim has to know it. */
export interface Standing {
  /** How many jobs a request with this id was given before and are still running. */
  repeated: number
  /** Hosts with a claim that nobody confirmed in time. */
  expired: readonly string[]
}

/** Looks at what runs, in one pass. @param claimedBefore claims from before are to be confirmed by now */
export async function readStanding(tx: Db, claim: Claim, claimedBefore: Date): Promise<Standing> {
  const [row] = await tx.$queryRaw<{ repeated: number; expired: string[] | null }[]>`
    SELECT count(*) FILTER (WHERE claimed_by = ${claim.executorId} AND claim_request = ${claim.requestId})::int AS repeated,
           array_agg(host_id::text) FILTER (
             WHERE confirmed_at IS NULL AND claimed_at < ${claimedBefore}::timestamptz) AS expired
      FROM running`
  return { repeated: row?.repeated ?? 0, expired: row?.expired ?? [] }
}

/** Rows of `job` and their rows `run` of `running` as an executor is given them: JSON of a list of ClaimedJob. */
const claimedJobs = (from: Prisma.Sql) => Prisma.sql`
  SELECT json_agg(json_strip_nulls(to_json(claimed)))::text AS rows
    FROM (SELECT job.id AS "jobId", run.submission, job.kind, job.host_id AS "hostId", job.hostname, job.action,
                 job.server_repository AS "serverRepository", job.server_directory AS "serverDirectory",
                 job.software_packages AS "softwarePackages", job.command_profiles AS "commandProfiles",
                 job.depends_on AS "dependsOn", job.created_by AS "createdBy", job.request_id AS "requestId"
            FROM ${from} ORDER BY job.scheduled_time, job.id) claimed`

/** What a request with this id was given and is still running. */
export async function readClaimed(tx: Db, { executorId, requestId }: Claim): Promise<ClaimedJob[]> {
  return jsonRows<ClaimedJob>(
    tx.$queryRaw(
      claimedJobs(Prisma.sql`running run JOIN job ON job.id = run.job_id
           WHERE run.claimed_by = ${executorId} AND run.claim_request = ${requestId}`),
    ),
  )
}

/**
 * Takes due jobs. A place in the queue names a host's next job, so there is one per host by construction, and waiting
 * jobs cost nothing here. Steps: regions that have something waiting (by leaps over the index) → the first due hosts of each
 * region and kind that nothing pauses, as far as the region's limit allows → turns: installs and discoveries take turns so that as many
 * of each run while both wait; within a kind the earlier due goes first → hosts are locked, rows in use by others
 * are left to the next claim (who holds them announces work after his commit) → their places are given up, their
 * jobs run. A place that changed between the look and the lock is taken as it is then, so a job may be taken that this
 * statement does not see; then all are read by another one.
 */
export async function takeDue(tx: Db, claim: Claim, limits: Limits, now: Date): Promise<ClaimedJob[]> {
  const inAll = limits.running > 0 ? limits.running : UNLIMITED
  const perRegion = limits.runningPerRegion > 0 ? limits.runningPerRegion : UNLIMITED
  const [row] = await tx.$queryRaw<{ taken: number; rows: string | null }[]>`
    WITH RECURSIVE waiting (region) AS (
      (SELECT region FROM queue ORDER BY region LIMIT 1)
      UNION ALL
      SELECT (SELECT queue.region FROM queue WHERE queue.region > waiting.region ORDER BY queue.region LIMIT 1)
        FROM waiting WHERE waiting.region IS NOT NULL
    ), runs AS (
      SELECT kind, region, count(*)::int AS jobs FROM running GROUP BY kind, region
    ), room AS (
      SELECT waiting.region, least(${claim.free}::int, ${perRegion}::int - coalesce(
               (SELECT sum(jobs)::int FROM runs WHERE runs.region = waiting.region), 0)) AS places
        FROM waiting WHERE waiting.region IS NOT NULL
    ), candidate AS (
      SELECT room.region, room.places, kind.kind, first.*
        FROM room CROSS JOIN (VALUES ('install'), ('inventory')) AS kind (kind)
       CROSS JOIN LATERAL (
             SELECT queue.host_id, queue.due, queue.job_id FROM queue
              WHERE queue.region = room.region AND queue.kind = kind.kind
                AND queue.due <= ${now}::timestamptz AND ${queueIsNotPaused}
              ORDER BY queue.due, queue.job_id LIMIT greatest(room.places, 0)) first
    ), turn AS (
      SELECT candidate.*, row_number() OVER (PARTITION BY kind ORDER BY due, job_id)
               + coalesce((SELECT sum(jobs) FROM runs WHERE runs.kind = candidate.kind), 0) AS turn
        FROM candidate
    ), place AS (
      SELECT turn.*, row_number() OVER (PARTITION BY region ORDER BY turn, kind) AS place FROM turn
    ), chosen AS (
      SELECT host_id FROM place WHERE place <= places ORDER BY turn, kind
       LIMIT greatest(0, least(${claim.free}::int,
                               ${inAll}::int - (SELECT coalesce(sum(jobs), 0)::int FROM runs)))
    ), locked AS (
      SELECT host.host_id FROM host WHERE host.host_id IN (SELECT host_id FROM chosen)
         FOR UPDATE SKIP LOCKED
    ), due AS (
      DELETE FROM queue USING locked
       WHERE queue.host_id = locked.host_id AND queue.due <= ${now}::timestamptz
      RETURNING queue.*
    ), run AS (
      INSERT INTO running (job_id, host_id, region, kind, submission, claimed_by, claim_request, claimed_at)
      SELECT job_id, host_id, region, kind, submission, ${claim.executorId}, ${claim.requestId}, ${now}::timestamptz
        FROM due
      RETURNING job_id, submission
    )
    SELECT (SELECT count(*)::int FROM run) AS taken,
           (${claimedJobs(Prisma.sql`run JOIN job ON job.id = run.job_id`)}) AS rows`
  const jobs: ClaimedJob[] = JSON.parse(row?.rows ?? '[]')
  return jobs.length === row?.taken ? jobs : readClaimed(tx, claim)
}
