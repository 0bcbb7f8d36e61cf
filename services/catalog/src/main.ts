// Runs this service alone (cluster shape).
import { asUnavailable, migrate } from '@slipway/database'
import { runService } from '@slipway/service-kit'
import { catalogService } from './index.ts'

await runService({ ...catalogService, defaultPort: 5005, migrate, knownError: asUnavailable })
