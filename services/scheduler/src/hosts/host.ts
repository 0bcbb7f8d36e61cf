// A host as dispatching sees it: where it is (for limits), and that it may be gone.
import type { PayloadOf, schedulerDeliveries } from '@slipway/contracts'

/** What the inventory tells at once of the hosts that a request changed. */
export type HostsRecord = PayloadOf<typeof schedulerDeliveries.recordHosts>
/** What the inventory tells of a host, and by which request. */
export type HostRecord = HostsRecord['hosts'][number] & { requestId: HostsRecord['requestId'] | undefined }

/** The newest record of each host; a discovery that any of them asked for is asked for. */
export function newestRecords(records: readonly HostRecord[]): HostRecord[] {
  const byHost = new Map<string, HostRecord>()
  for (const record of records) {
    const known = byHost.get(record.hostId)
    const newest = known === undefined || known.version < record.version ? record : known
    byHost.set(record.hostId, { ...newest, discover: record.discover || (known?.discover ?? false) })
  }
  return [...byHost.values()]
}

/** When the next job of any host could run. */
export interface Outlook {
  /** Something is due now (limits apart). */
  dueNow: boolean
  /** The first moment after now. */
  nextDue: Date | undefined
}
