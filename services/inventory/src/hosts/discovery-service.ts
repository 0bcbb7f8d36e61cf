import type { Discovery } from '@slipway/contracts'
import type { DiscoveryStore } from './discovery-store.ts'
import type { HostChange } from './host-news.ts'

export interface DiscoveryServiceDeps {
  readonly store: DiscoveryStore
  readonly changed: (changes: HostChange[]) => void
  readonly log: { warn(fields: object, message: string): void }
}

export interface DiscoveryService {
  /** Stores a look at a host. One of a host that is gone, or older than what is known, is passed over. */
  record(hostId: string, observedAt: string, discovery: Discovery): Promise<void>
}

export function createDiscoveryService({ store, changed, log }: DiscoveryServiceDeps): DiscoveryService {
  return {
    async record(hostId, observedAt, discovery) {
      const moment = new Date(observedAt)
      if (Number.isNaN(moment.getTime())) {
        // Refusing would have it sent again for ever.
        log.warn({ hostId, observedAt }, 'a discovery without a valid time was passed over')
        return
      }
      const version = await store.record(hostId, moment, discovery)
      if (version !== undefined) changed([{ hostId, version }])
    },
  }
}
