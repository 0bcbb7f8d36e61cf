import type { Bus, Registration } from '@slipway/bus'
import { inventoryMessages } from '@slipway/contracts'
import { callerName } from '../caller.ts'
import type { RepositoryService } from './server-repository-service.ts'

/** Answers the questions about server repositories. */
export function serveRepositories(bus: Bus, service: RepositoryService): Registration[] {
  return [
    bus.serve(inventoryMessages.upsertRepositories, async ({ rows }, meta) => ({
      rows: await service.upsert(rows, callerName(meta)),
    })),
    bus.serve(inventoryMessages.listRepositories, async ({ name }) => ({ rows: await service.list(name) })),
    bus.serve(inventoryMessages.deleteRepository, async ({ name }) => {
      await service.delete(name)
      return {}
    }),
  ]
}
