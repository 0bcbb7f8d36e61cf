// What the inventory tells and asks.
import type { Bus, Registration } from '@slipway/bus'
import { schedulerDeliveries, schedulerMessages } from '@slipway/contracts'
import type { HostService } from './host-service.ts'

export function serveHosts(bus: Pick<Bus, 'serve' | 'receive'>, hosts: HostService): Registration[] {
  return [
    bus.receive(schedulerDeliveries.recordHosts, (deliveryId, news) => hosts.record(deliveryId, news)),
    bus.serve(schedulerMessages.releaseHost, async ({ hostId }) => {
      await hosts.release(hostId)
      return {}
    }),
  ]
}
