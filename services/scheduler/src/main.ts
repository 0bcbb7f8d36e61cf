// Runs this service alone (cluster shape).
import { asUnavailable, migrate } from '@slipway/database'
import { runService } from '@slipway/service-kit'
import { schedulerService } from './index.ts'

await runService({ ...schedulerService, defaultPort: 5003, migrate, knownError: asUnavailable })
