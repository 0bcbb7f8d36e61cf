// Runs this service alone (cluster shape).
import { asUnavailable, migrate } from '@slipway/database'
import { runService, trustedProxiesProblem } from '@slipway/service-kit'
import { distributionService } from './index.ts'

await runService({
  ...distributionService,
  defaultPort: 5006,
  migrate,
  knownError: asUnavailable,
  objection: ({ trustedProxies = [] }) =>
    trustedProxiesProblem('DISTRIBUTION_TRUSTED_PROXIES', trustedProxies),
  trustedProxies: ({ trustedProxies = [] }) => trustedProxies,
})
