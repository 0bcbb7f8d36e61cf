// Rows of `queue`: a host's place, which names the job that is next on it. Whoever writes them holds the host's lock.
import { copyLine } from '@slipway/database'
import { queueIsNotPaused } from '../dispatch/switch-store.ts'
import { Prisma } from '../generated/client.ts'
import { type BulkDb, type Db, plainArray } from '../scheduler-store.ts'
import type { Outlook } from './host.ts'

/** The first job of a host that could run: the first in time whose dependency is met, none while one runs. */
const firstReady = (hostId: Prisma.Sql) => Prisma.sql`
  SELECT job.id, job.kind, job.submission, job.scheduled_time, job.depends_on FROM job
   WHERE job.host_id = ${hostId} AND job.status = 'scheduled' AND job.dependency_met
     AND NOT EXISTS (SELECT 1 FROM running WHERE running.host_id = ${hostId})
   ORDER BY job.scheduled_time, job.id LIMIT 1`

/**
 * Gives each of these hosts its place, or none where no job of it could run.
 * Its place is the time from which the job could run: a host with many jobs comes after the others once one of
 * its jobs has ended, unless the next one waited for that very job. So no host starves, and a chain that began goes on.
 * Called under the hosts' locks at the end of everything that changes their jobs.
 */
export async function refreshHosts(tx: Db, hostIds: Iterable<string>): Promise<void> {
  await tx.$executeRaw`
    WITH next AS (
      SELECT host.host_id, host.region, ready.id, ready.kind, ready.submission,
             CASE WHEN last.id IS NULL OR last.id = ready.depends_on THEN ready.scheduled_time
                  ELSE greatest(ready.scheduled_time, least(last.finished_at, now())) END AS due
        FROM unnest(${plainArray([...hostIds])}::text::uuid[]) AS asked (host_id)
        JOIN host ON host.host_id = asked.host_id
        LEFT JOIN LATERAL (${firstReady(Prisma.sql`asked.host_id`)}) ready ON true
        LEFT JOIN LATERAL (
          SELECT job.id, job.finished_at FROM job
           WHERE ready.id IS NOT NULL AND job.host_id = asked.host_id AND job.status IN ('completed', 'failed')
           ORDER BY job.finished_at DESC, job.id DESC LIMIT 1) last ON true
    ), left_behind AS (
      DELETE FROM queue USING next WHERE queue.host_id = next.host_id AND next.id IS NULL
    )
    INSERT INTO queue AS place (host_id, region, kind, due, job_id, submission)
    SELECT host_id, region, kind, due, id, submission FROM next WHERE id IS NOT NULL
    ON CONFLICT (host_id) DO UPDATE
       SET region = excluded.region, kind = excluded.kind, due = excluded.due, job_id = excluded.job_id,
           submission = excluded.submission
     WHERE (place.region, place.due, place.job_id, place.submission)
           IS DISTINCT FROM (excluded.region, excluded.due, excluded.job_id, excluded.submission)`
}

/** Of the jobs that a request adds to a host, the first that could run. */
export interface FirstJob {
  id: number
  hostId: string
  /** ISO 8601. */
  scheduledTime: string
  dependsOn: number | undefined
}

/**
 * The same as refreshHosts where nothing changed but that jobs were added: only what they can change is looked at. What is
 * for later, on a host that stands nowhere yet, has its time for a place, and nothing to be compared with.
 * @param regions of the hosts, which are locked
 */
export async function placeNewJobs(
  tx: BulkDb,
  jobs: readonly FirstJob[],
  { regions, now }: { regions: ReadonlyMap<string, string>; now: Date },
): Promise<void> {
  const later = jobs.filter(({ scheduledTime }) => Date.parse(scheduledTime) > now.getTime())
  const busy = later.length === 0 ? new Set() : await findBusy(tx, later)
  const simple = new Set(later.filter(({ hostId }) => !busy.has(hostId)))
  if (simple.size > 0) await copyPlaces(tx, [...simple], regions)
  const others = jobs.filter((job) => !simple.has(job))
  if (others.length > 0) await mergePlaces(tx, others)
}

/** Of these hosts those that have a place; and all on which something runs, which are sooner read than looked for. */
async function findBusy(tx: BulkDb, jobs: readonly FirstJob[]): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ host_id: string }[]>`
    SELECT host_id FROM queue WHERE host_id = ANY(${plainArray(jobs.map(({ hostId }) => hostId))}::uuid[])
    UNION ALL
    SELECT host_id FROM running`
  return new Set(rows.map((row) => row.host_id))
}

const placeColumns = ['host_id', 'region', 'kind', 'due', 'job_id', 'submission'] as const

async function copyPlaces(tx: BulkDb, jobs: readonly FirstJob[], regions: ReadonlyMap<string, string>) {
  const line = ({ id, hostId, scheduledTime }: FirstJob) =>
    copyLine([hostId, regions.get(hostId) ?? '', 'install', scheduledTime, id, 1])
  const lines = async function* () {
    yield jobs.map(line).join('')
  }
  await tx.copy('queue', placeColumns, lines())
}

/** A host that has a place keeps it, unless the new job comes before the one that its place names. */
async function mergePlaces(tx: Db, jobs: readonly FirstJob[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO queue AS place (host_id, region, kind, due, job_id, submission)
    SELECT host.host_id, host.region, 'install',
           CASE WHEN last.id IS NULL OR last.id = new.depends_on THEN new.scheduled_time
                ELSE greatest(new.scheduled_time, least(last.finished_at, now())) END, new.id, 1
      FROM unnest(${plainArray(jobs.map(({ hostId }) => hostId))}::text::uuid[],
                  ${plainArray(jobs.map(({ id }) => id))}::text::bigint[],
                  ${plainArray(jobs.map(({ scheduledTime }) => scheduledTime))}::text::timestamptz[],
                  ${plainArray(jobs.map(({ dependsOn }) => dependsOn ?? null))}::text::bigint[])
           AS new (host_id, id, scheduled_time, depends_on)
      JOIN host ON host.host_id = new.host_id
      LEFT JOIN LATERAL (
        SELECT job.id, job.finished_at FROM job
         WHERE job.host_id = new.host_id AND job.status IN ('completed', 'failed')
         ORDER BY job.finished_at DESC, job.id DESC LIMIT 1) last ON true
     WHERE NOT EXISTS (SELECT 1 FROM running WHERE running.host_id = new.host_id)
    ON CONFLICT (host_id) DO UPDATE
       SET kind = excluded.kind, due = excluded.due, job_id = excluded.job_id, submission = excluded.submission
     WHERE (SELECT (added.scheduled_time, added.id) < (known.scheduled_time, known.id)
              FROM job known, job added WHERE known.id = place.job_id AND added.id = excluded.job_id)`
}

/** Has places and runs of hosts count for the region in which the hosts are now. */
export async function followRegions(tx: Db, hostIds: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    WITH place AS (
      UPDATE queue SET region = host.region FROM host
       WHERE host.host_id = ANY(${hostIds}::uuid[]) AND queue.host_id = host.host_id AND queue.region <> host.region
    )
    UPDATE running SET region = host.region FROM host
     WHERE host.host_id = ANY(${hostIds}::uuid[]) AND running.host_id = host.host_id AND running.region <> host.region`
}

/** Hosts whose place does not name the job that is next: none, unless somebody wrote to the database by hand. */
export async function findDrifted(db: Db): Promise<string[]> {
  const rows = await db.$queryRaw<{ host_id: string }[]>`
    SELECT host.host_id FROM host
      LEFT JOIN queue ON queue.host_id = host.host_id
      LEFT JOIN LATERAL (${firstReady(Prisma.sql`host.host_id`)}) ready ON true
     WHERE queue.job_id IS DISTINCT FROM ready.id`
  return rows.map((row) => row.host_id)
}

/** When the next job could run. */
export async function lookAhead(db: Db, now: Date): Promise<Outlook> {
  const [row] = await db.$queryRaw<{ due_now: boolean; next_due: Date | null }[]>`
    SELECT EXISTS (SELECT 1 FROM queue WHERE due <= ${now}::timestamptz AND ${queueIsNotPaused}) AS due_now,
           (SELECT min(due) FROM queue WHERE due > ${now}::timestamptz) AS next_due`
  return { dueNow: row?.due_now ?? false, nextDue: row?.next_due ?? undefined }
}
