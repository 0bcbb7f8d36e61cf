import type { Bus, Registration } from '@slipway/bus'
import { authEvents, authMessages, tokenAudience, tokenIssuer } from '@slipway/contracts'
import type { CredentialService } from './credentials/credential-service.ts'
import type { KeyService } from './keys/key-service.ts'
import type { TokenService } from './tokens/token-service.ts'
import type { UserService } from './users/user-service.ts'

export interface AuthUseCases {
  readonly credentials: CredentialService
  readonly tokens: TokenService
  readonly keys: KeyService
  readonly users: UserService
}

/** Answers gateway and distribution. @param forget drops what is remembered of a user who changed in a replica */
export function serveAuth(bus: Bus, auth: AuthUseCases, forget: (username: string) => void): Registration[] {
  return [
    bus.serve(authMessages.verifyCredentials, async (login, { signal }) => {
      const { username, privilege } = await auth.credentials.verify(login, signal)
      return { username, privilege }
    }),
    bus.serve(authMessages.issueToken, async (login, { signal }) => {
      const user = await auth.credentials.verify(login, signal)
      const { token, expiresAt } = await auth.tokens.issue(user)
      return { token, expiresAt: expiresAt.toISOString() }
    }),
    bus.serve(authMessages.listKeys, async () => ({
      issuer: tokenIssuer,
      audience: tokenAudience,
      keys: await auth.keys.listPublic(),
    })),
    bus.serve(authMessages.listEpochs, async () => ({ epochs: await auth.users.listEpochs() })),
    bus.subscribe(authEvents.userChanged, ({ username }) => forget(username)),
  ]
}
