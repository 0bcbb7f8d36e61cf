import type { Bus, Registration } from '@slipway/bus'
import { inventoryMessages } from '@slipway/contracts'
import { callerName } from '../caller.ts'
import type { JumpHostService } from './jump-host-service.ts'

/** Answers the questions about jump hosts. */
export function serveJumpHosts(bus: Bus, service: JumpHostService): Registration[] {
  return [
    bus.serve(inventoryMessages.upsertJumpHosts, async ({ rows }, meta) => ({
      rows: await service.upsert(rows, callerName(meta)),
    })),
    bus.serve(inventoryMessages.listJumpHosts, async ({ name }) => ({ rows: await service.list(name) })),
    bus.serve(inventoryMessages.deleteJumpHost, async ({ name }) => {
      await service.delete(name)
      return {}
    }),
  ]
}
