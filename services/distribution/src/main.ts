// Runs this service alone (cluster shape).
import { asUnavailable, migrate } from '@slipway/database'
import { runService } from '@slipway/service-kit'
import { distributionService } from './index.ts'

await runService({ ...distributionService, defaultPort: 5006, migrate, knownError: asUnavailable })
