import { type Bus, jsonText, type Registration } from '@slipway/bus'
import { inventoryDeliveries, inventoryMessages } from '@slipway/contracts'
import { callerName } from '../caller.ts'
import type { DiscoveryService } from './discovery-service.ts'
import type { HostDeletion } from './host-deletion-service.ts'
import type { HostService } from './host-service.ts'

export interface HostUseCases {
  readonly hosts: HostService
  readonly deletion: HostDeletion
  readonly discovery: DiscoveryService
}

/** Answers the questions about hosts and records what executors saw. */
export function serveHosts(bus: Bus, { hosts, deletion, discovery }: HostUseCases): Registration[] {
  return [
    bus.serve(inventoryMessages.upsertHosts, async ({ rows }, meta) => ({
      rows: await hosts.upsert(rows, { createdBy: callerName(meta), requestId: meta.requestId }),
    })),
    bus.serve(inventoryMessages.listHosts, async (query) => {
      const { rows, page, totalPages } = await hosts.list(query)
      return jsonText(`{"rows":${rows},"page":${page},"totalPages":${totalPages}}`)
    }),
    bus.serve(inventoryMessages.deleteHost, async ({ hostname }, { requestId }) => {
      await deletion.delete(hostname, requestId)
      return {}
    }),
    bus.serve(inventoryMessages.refreshHost, async ({ hostname }, { requestId }) => {
      await hosts.refresh(hostname, requestId)
      return {}
    }),
    bus.serve(inventoryMessages.listPackages, async ({ hostname }) => ({
      packages: await hosts.listPackages(hostname),
    })),
    bus.serve(inventoryMessages.listInventory, async ({ hostname }) => ({
      items: await hosts.listInventory(hostname),
    })),
    // No inbox: by observedAt a second arrival is as good as none.
    bus.receive(inventoryDeliveries.recordDiscovery, (_id, { hostId, observedAt, discovery: found }) =>
      discovery.record(hostId, observedAt, found),
    ),
  ]
}
