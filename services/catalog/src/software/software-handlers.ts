import type { Bus, Registration } from '@slipway/bus'
import { catalogEvents, catalogMessages } from '@slipway/contracts'
import type { CatalogCache } from './catalog-cache.ts'
import type { SoftwareService } from './software-service.ts'

/** Answers the questions about software, and forgets what another replica has imported anew. */
export function serveSoftware(bus: Bus, software: SoftwareService, cache: CatalogCache): Registration[] {
  return [
    bus.serve(catalogMessages.listPlatforms, async () => ({ platforms: await software.platforms() })),
    bus.serve(catalogMessages.listSoftware, (asked) => software.list(asked)),
    bus.serve(catalogMessages.findSoftware, (asked) => software.find(asked)),
    bus.serve(catalogMessages.optimizeSoftware, async ({ names }) => ({
      rows: await software.optimize(names),
    })),
    bus.subscribe(catalogEvents.releaseImported, ({ platform, release }) => cache.forget(platform, release)),
  ]
}
