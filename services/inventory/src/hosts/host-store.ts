// Single hosts in the database; for the bulk change see host-change-store.ts.
import { enqueueMany } from '@slipway/database'
import { type Database, inTransaction, type Transaction } from '../database.ts'
import { discoveryOf, type HostReference } from './host-news.ts'

export interface HostStore {
  /** Has the scheduler told to discover a host; undefined if there is none of this name. */
  requestDiscovery(hostname: string, requestId: string): Promise<HostReference | undefined>
  /** Marks a host as being deleted; undefined if there is none of this name. Marking twice is once. */
  markDeleting(hostname: string): Promise<HostReference | undefined>
  /** The deletion cannot be: the host is there again. */
  unmarkDeleting(id: string): Promise<void>
  /** Removes a host with its packages and parts. */
  remove(id: string): Promise<void>
  /** Hosts whose deletion was begun and not ended. */
  listDeleting(): Promise<HostReference[]>
}

export function createHostStore(db: Database): HostStore {
  return {
    requestDiscovery: (hostname, requestId) =>
      inTransaction(db, (tx) => requestDiscovery(tx, hostname, requestId)),
    async markDeleting(hostname) {
      const [host] = await db.$queryRaw<HostReference[]>`
        UPDATE host SET deleting = true, version = host.version + 1 FROM region r
         WHERE host.hostname = ${hostname} AND r.id = host.region_id
        RETURNING host.id::text, host.hostname, host.version, r.name AS region`
      return host
    },
    async unmarkDeleting(id) {
      await db.$executeRaw`
        UPDATE host SET deleting = false, version = version + 1 WHERE id = ${id}::uuid AND deleting`
    },
    async remove(id) {
      await db.$executeRaw`DELETE FROM host WHERE id = ${id}::uuid`
    },
    listDeleting: () => db.$queryRaw<HostReference[]>`
      SELECT h.id::text, h.hostname, h.version, r.name AS region
        FROM host h JOIN region r ON r.id = h.region_id WHERE h.deleting ORDER BY h.hostname`,
  }
}

async function requestDiscovery(
  tx: Transaction,
  hostname: string,
  requestId: string,
): Promise<HostReference | undefined> {
  const [host] = await tx.$queryRaw<HostReference[]>`
    UPDATE host SET version = host.version + 1 FROM region r
     WHERE host.hostname = ${hostname} AND NOT host.deleting AND r.id = host.region_id
    RETURNING host.id::text, host.hostname, host.version, r.name AS region`
  if (host !== undefined) await enqueueMany(tx, [discoveryOf(host, requestId)])
  return host
}
