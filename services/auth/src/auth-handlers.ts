import type { Bus, Registration, RequestMeta } from '@slipway/bus'
import { authEvents, authMessages, createError, tokenAudience, tokenIssuer } from '@slipway/contracts'
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
    ...serveUsers(bus, auth.users),
    bus.subscribe(authEvents.userChanged, ({ username }) => forget(username)),
  ]
}

function serveUsers(bus: Bus, users: UserService): Registration[] {
  return [
    bus.serve(authMessages.upsertUsers, async ({ rows }, meta) => ({
      rows: await users.upsert(rows, callerName(meta), meta.signal),
    })),
    bus.serve(authMessages.listUsers, async ({ username }) => ({ rows: await users.list(username) })),
    bus.serve(authMessages.deleteUser, async ({ username }) => ({ username: await users.delete(username) })),
    bus.serve(authMessages.changeOwnPassword, async ({ newPassword, ...present }, meta) => {
      await users.changePassword({ username: callerName(meta), ...present }, newPassword, meta.signal)
      return {}
    }),
  ]
}

/** The name of the user for whom it is asked; the bus lets no request without one through. */
function callerName({ caller }: RequestMeta): string {
  if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
  return caller.username
}
