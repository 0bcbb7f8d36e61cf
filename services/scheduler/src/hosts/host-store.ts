// Rows of `host`. Lock order everywhere: hosts by their id, then jobs by their id.
import { isRunning } from '../runs/running-store.ts'
import type { Db } from '../scheduler-store.ts'
import type { HostRecord } from './host.ts'
import { followRegions } from './place-store.ts'

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

/** What was locked: the region of each host that exists, and which of them were released. */
export interface LockedHosts {
  regions: ReadonlyMap<string, string>
  released: ReadonlySet<string>
}

/** Locks hosts until the end of the transaction. */
export async function lockHosts(tx: Db, hostIds: Iterable<string>): Promise<LockedHosts> {
  // Thousands of ids are read sooner out of one text than out of rows.
  const rows = await tx.$queryRaw<{ region: string; gone: boolean; ids: string }[]>`
    SELECT region, released_at IS NOT NULL AS gone, string_agg(host_id::text, ',') AS ids
      FROM (SELECT host_id, region, released_at FROM host
             WHERE host_id = ANY(${[...hostIds]}::uuid[]) ORDER BY host_id FOR UPDATE) locked
     GROUP BY region, gone`
  const regions = new Map<string, string>()
  const released = new Set<string>()
  for (const { region, gone, ids } of rows) {
    for (const id of ids.split(',')) {
      regions.set(id, region)
      if (gone) released.add(id)
    }
  }
  return { regions, released }
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
  await followRegions(
    tx,
    ordered.map(({ hostId }) => hostId),
  )
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
                          AND waiting.status = 'scheduled' AND waiting.dependency_met AND NOT ${isRunning('waiting')})
     ORDER BY host.hostname`
}

/** True while an install job of the host is in progress. */
export async function hasRunningInstall(tx: Db, hostId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM running WHERE host_id = ${hostId}::uuid AND kind = 'install'`
  return rows.length > 0
}

/** Marks the host as released for good and deletes its jobs. @returns the jobs, `running` where in progress */
export async function releaseHostRow(
  tx: Db,
  hostId: string,
  now: Date,
): Promise<{ id: bigint; running: boolean }[]> {
  await tx.$executeRaw`
    UPDATE host SET released_at = coalesce(released_at, ${now}::timestamptz) WHERE host_id = ${hostId}::uuid`
  await tx.$executeRaw`DELETE FROM queue WHERE host_id = ${hostId}::uuid`
  await tx.$executeRaw`DELETE FROM dispatch_switch WHERE scope = 'host' AND target = ${hostId}`
  return tx.$queryRaw`
    WITH gone AS (DELETE FROM running WHERE host_id = ${hostId}::uuid RETURNING job_id)
    DELETE FROM job WHERE host_id = ${hostId}::uuid RETURNING id, id IN (SELECT job_id FROM gone) AS running`
}

/** Forgets hosts that were released before a moment. */
export async function purgeReleased(db: Db, before: Date): Promise<number> {
  return db.$executeRaw`DELETE FROM host WHERE released_at < ${before}::timestamptz`
}
