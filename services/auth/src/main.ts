// Runs this service alone (cluster shape).
import { asUnavailable, migrate } from '@slipway/database'
import { runService } from '@slipway/service-kit'
import { authService } from './index.ts'

await runService({
  ...authService,
  defaultPort: 5001,
  migrate,
  knownError: asUnavailable,
  // Before anything is stored: a password that nobody saw would lock everybody out.
  objection: ({ adminPassword }, canReveal) =>
    canReveal || adminPassword !== undefined
      ? undefined
      : 'SLIPWAY_ADMIN_PASSWORD is not set, and no terminal is there to show a generated one',
  async create(deps, { reveal }) {
    const auth = await authService.create(deps)
    if (auth.initialAdmin !== undefined) reveal?.({ kind: 'initial-admin', ...auth.initialAdmin })
    return auth
  },
})
