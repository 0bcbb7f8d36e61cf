// Rows of `host`. Lock order everywhere: hosts by their id, then jobs by their id.
import { hostIsNotPaused } from '../dispatch/switch-store.ts'
import { Prisma } from '../generated/client.ts'
import type { Db } from '../scheduler-store.ts'
import type { HostRecord, Outlook } from './host.ts'

/**
 * Makes rows for hosts that are not known yet; region and version come with the inventory's delivery. Those that are
 * known are locked in the same pass (an update that never applies): inserting first and locking after would hold
 * rows out of order.
 */
export async function ensureHosts(tx: Db, hosts: ReadonlyMap<string, string>): Promise<void> {
  const ids = [...hosts.keys()].sort()
  const names = ids.map((id) => hosts.get(id) ?? '')
  await tx.$executeRaw`
    INSERT INTO host (host_id, hostname, region, version)
    SELECT id, hostname, '', 0 FROM unnest(${ids}::uuid[], ${names}::text[]) AS asked (id, hostname)
    ON CONFLICT (host_id) DO UPDATE SET version = host.version WHERE false`
}

/** Locks hosts until the end of the transaction. @returns those that exist, true where released */
export async function lockHosts(tx: Db, hostIds: Iterable<string>): Promise<Map<string, boolean>> {
  const rows = await tx.$queryRaw<{ host_id: string; released: boolean }[]>`
    SELECT host_id, released_at IS NOT NULL AS released FROM host
     WHERE host_id = ANY(${[...hostIds]}::uuid[]) ORDER BY host_id FOR UPDATE`
  return new Map(rows.map((row) => [row.host_id, row.released]))
}

/**
 * Names the next job of each host that could run: the first in time whose dependency is met, none while one runs.
 * Its place in the queue is the time from which it could run: a host with many jobs comes after the others once one of
 * its jobs has ended, unless the next one waited for that very job. So no host starves, and a chain that began goes on.
 * Called under the hosts' locks at the end of everything that changes their jobs.
 */
export async function refreshHosts(tx: Db, hostIds: Iterable<string>): Promise<void> {
  await tx.$executeRaw`
    UPDATE host SET next_job_id = next.id, next_kind = next.kind, next_due = next.due
      FROM (SELECT asked.host_id, ready.id, ready.kind,
                   CASE WHEN last.id IS NULL OR last.id = ready.depends_on THEN ready.scheduled_time
                        ELSE greatest(ready.scheduled_time, least(last.finished_at, now())) END AS due
              FROM unnest(${[...hostIds]}::uuid[]) AS asked (host_id)
              LEFT JOIN LATERAL (
                SELECT job.id, job.kind, job.scheduled_time, job.depends_on FROM job
                 WHERE job.host_id = asked.host_id AND job.status = 'scheduled' AND job.dependency_met
                   AND NOT EXISTS (SELECT 1 FROM job running
                                    WHERE running.host_id = asked.host_id AND running.status = 'in-progress')
                 ORDER BY job.scheduled_time, job.id LIMIT 1) ready ON true
              LEFT JOIN LATERAL (
                SELECT job.id, job.finished_at FROM job
                 WHERE job.host_id = asked.host_id AND job.status IN ('completed', 'failed')
                 ORDER BY job.finished_at DESC, job.id DESC LIMIT 1) last ON true) next
     WHERE host.host_id = next.host_id
       AND (host.next_job_id, host.next_due) IS DISTINCT FROM (next.id, next.due)`
}

/** Writes hosts as the inventory tells them; an older version changes nothing, nor does news of a released host. */
export async function recordHosts(tx: Db, hosts: readonly HostRecord[]): Promise<void> {
  const ordered = [...hosts].sort((a, b) => (a.hostId < b.hostId ? -1 : 1))
  await tx.$executeRaw`
    INSERT INTO host (host_id, hostname, region, version)
    SELECT * FROM unnest(${ordered.map(({ hostId }) => hostId)}::uuid[],
                         ${ordered.map(({ hostname }) => hostname)}::text[],
                         ${ordered.map(({ region }) => region)}::text[],
                         ${ordered.map(({ version }) => version)}::int[])
    ON CONFLICT (host_id) DO UPDATE
       SET hostname = EXCLUDED.hostname, region = EXCLUDED.region, version = EXCLUDED.version
     WHERE host.version < EXCLUDED.version AND host.released_at IS NULL`
}

/** Records deliveries by their ids, many in one statement (see recordOnce). @returns those that are new */
export async function recordDeliveries(tx: Db, deliveryIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO inbox (id) SELECT id FROM unnest(${[...deliveryIds].sort()}::text[]) AS delivery (id)
    ON CONFLICT (id) DO NOTHING RETURNING id`
  return new Set(rows.map(({ id }) => id))
}

/** Adds a discovery that is due now for each of these hosts that is not released and has none waiting. */
export async function addDiscoveries(
  tx: Db,
  wanted: readonly Pick<HostRecord, 'hostId' | 'requestId'>[],
  now: Date,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO job (kind, host_id, hostname, scheduled_time, created_by, created_at,
                     software_packages, command_profiles, warnings, package_changes, request_id)
    SELECT 'inventory', host.host_id, host.hostname, ${now}::timestamptz, 'slipway', ${now}::timestamptz,
           '{}', '{}', '{}', '{}', wanted.request_id
      FROM host
      JOIN unnest(${wanted.map(({ hostId }) => hostId)}::uuid[],
                  ${wanted.map(({ requestId }) => requestId ?? null)}::text[]) AS wanted (host_id, request_id)
        ON wanted.host_id = host.host_id
     WHERE host.released_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM job waiting
                        WHERE waiting.host_id = host.host_id AND waiting.kind = 'inventory'
                          AND waiting.status = 'scheduled' AND waiting.dependency_met)
     ORDER BY host.hostname`
}

/** True while an install job of the host is in progress. */
export async function hasRunningInstall(tx: Db, hostId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM job WHERE host_id = ${hostId}::uuid AND status = 'in-progress' AND kind = 'install'`
  return rows.length > 0
}

/** Marks the host as released for good and deletes its jobs. @returns the jobs, `running` where in progress */
export async function releaseHostRow(
  tx: Db,
  hostId: string,
  now: Date,
): Promise<{ id: bigint; running: boolean }[]> {
  await tx.$executeRaw`
    UPDATE host SET released_at = coalesce(released_at, ${now}::timestamptz),
                    next_job_id = NULL, next_kind = NULL, next_due = NULL
     WHERE host_id = ${hostId}::uuid`
  await tx.$executeRaw`DELETE FROM dispatch_switch WHERE scope = 'host' AND target = ${hostId}`
  return tx.$queryRaw`
    DELETE FROM job WHERE host_id = ${hostId}::uuid RETURNING id, status = 'in-progress' AS running`
}

/** Forgets hosts that were released before a moment. */
export async function purgeReleased(db: Db, before: Date): Promise<number> {
  return db.$executeRaw`DELETE FROM host WHERE released_at < ${before}::timestamptz`
}

/** Hosts whose row does not name the job that is next: none, unless somebody wrote to the database by hand. */
export async function findDrifted(db: Db): Promise<string[]> {
  const rows = await db.$queryRaw<{ host_id: string }[]>`
    SELECT host.host_id FROM host
      LEFT JOIN LATERAL (
        SELECT job.id FROM job
         WHERE job.host_id = host.host_id AND job.status = 'scheduled' AND job.dependency_met
           AND NOT EXISTS (SELECT 1 FROM job running
                            WHERE running.host_id = host.host_id AND running.status = 'in-progress')
         ORDER BY job.scheduled_time, job.id LIMIT 1) ready ON true
     WHERE host.next_job_id IS DISTINCT FROM ready.id`
  return rows.map((row) => row.host_id)
}

export async function lookAhead(db: Db, now: Date): Promise<Outlook> {
  const [row] = await db.$queryRaw<{ due_now: boolean; next_due: Date | null }[]>(Prisma.sql`
    SELECT EXISTS (SELECT 1 FROM host WHERE next_due <= ${now}::timestamptz AND ${hostIsNotPaused}) AS due_now,
           (SELECT min(next_due) FROM host WHERE next_due > ${now}::timestamptz) AS next_due`)
  return { dueNow: row?.due_now ?? false, nextDue: row?.next_due ?? undefined }
}
