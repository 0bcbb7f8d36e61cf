// Runs this service alone (cluster shape).
import { asUnavailable, migrate } from '@slipway/database'
import { runService } from '@slipway/service-kit'
import { inventoryService } from './index.ts'

await runService({ ...inventoryService, defaultPort: 5002, migrate, knownError: asUnavailable })
