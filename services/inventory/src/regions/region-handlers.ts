import type { Bus, Registration } from '@slipway/bus'
import { inventoryMessages } from '@slipway/contracts'
import { callerName } from '../caller.ts'
import type { RegionService } from './region-service.ts'

/** Answers the questions about regions. */
export function serveRegions(bus: Bus, service: RegionService): Registration[] {
  return [
    bus.serve(inventoryMessages.upsertRegions, async ({ rows }, meta) => ({
      rows: await service.upsert(rows, callerName(meta)),
    })),
    bus.serve(inventoryMessages.listRegions, async ({ name }) => ({ rows: await service.list(name) })),
    bus.serve(inventoryMessages.deleteRegion, async ({ name }) => {
      await service.delete(name)
      return {}
    }),
  ]
}
