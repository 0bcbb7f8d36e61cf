// Runs this service alone (cluster shape).
import { asUnavailable, migrate } from '@slipway/database'
import { runService } from '@slipway/service-kit'
import { executorService } from './index.ts'

await runService({
  ...executorService,
  defaultPort: 5004,
  migrate,
  knownError: asUnavailable,
  async create(deps) {
    const executor = await executorService.create(deps)
    return { ...executor, routes: executor.ticketedRoutes }
  },
})
