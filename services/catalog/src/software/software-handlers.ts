import type { Bus, Registration } from '@slipway/bus'
import { catalogEvents, catalogMessages } from '@slipway/contracts'
import type { SoftwareService } from './software-service.ts'

/** Answers the questions about software, and forgets what another replica has imported anew. */
export function serveSoftware(
  bus: Bus,
  software: SoftwareService,
  forget: (platform: string, release: string) => void,
): Registration[] {
  return [
    bus.serve(catalogMessages.listPlatforms, async () => ({ platforms: await software.platforms() })),
    bus.serve(catalogMessages.listSoftware, (asked) => software.list(asked)),
    bus.serve(catalogMessages.findSoftware, (asked) => software.find(asked)),
    bus.serve(catalogMessages.optimizeSoftware, async ({ names }) => ({
      rows: await software.optimize(names),
    })),
    bus.subscribe(catalogEvents.releaseImported, ({ platform, release }) => forget(platform, release)),
  ]
}
