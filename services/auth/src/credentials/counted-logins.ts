import { hasCode } from '@slipway/contracts'
import { counter, type Metrics } from '@slipway/service-kit'
import type { CredentialService } from './credential-service.ts'

/** Counts checks of names and passwords by their outcome. Who it was is never a label. */
export function countLogins(metrics: Metrics, credentials: CredentialService): CredentialService {
  const logins = counter(metrics, {
    name: 'slipway_auth_logins_total',
    help: 'Checks of user and password: accepted, refused, throttled, or not done (error).',
    labels: ['outcome'],
  })
  return {
    async verify(login, signal) {
      try {
        const user = await credentials.verify(login, signal)
        logins.inc({ outcome: 'accepted' })
        return user
      } catch (error) {
        logins.inc({ outcome: outcomeOf(error) })
        throw error
      }
    },
  }
}

function outcomeOf(error: unknown): 'refused' | 'throttled' | 'error' {
  if (hasCode(error, 'AUTH_UNAUTHENTICATED')) return 'refused'
  return hasCode(error, 'AUTH_THROTTLED') ? 'throttled' : 'error'
}
