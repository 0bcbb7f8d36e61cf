import type { Bus, Registration } from '@slipway/bus'
import { inventoryMessages } from '@slipway/contracts'
import { callerName } from '../caller.ts'
import type { ProfileService } from './command-profile-service.ts'

/** Answers the questions about custom command profiles. */
export function serveProfiles(bus: Bus, service: ProfileService): Registration[] {
  return [
    bus.serve(inventoryMessages.upsertProfiles, async ({ rows }, meta) => ({
      rows: await service.upsert(rows, callerName(meta)),
    })),
    bus.serve(inventoryMessages.listProfiles, async ({ name }) => ({ rows: await service.list(name) })),
    bus.serve(inventoryMessages.deleteProfile, async ({ name }) => {
      await service.delete(name)
      return {}
    }),
  ]
}
