// Who is it? Unknown user, wrong password and inactive user cannot be told apart, neither by the answer nor by time:
// each is looked up, and each costs one verification.
import { createError, usernameKey } from '@slipway/contracts'
import type { User } from '../users/user.ts'
import type { UserStore } from '../users/user-store.ts'
import type { Matches, PasswordHasher } from './password-hasher.ts'
import type { Throttle } from './throttle.ts'
import type { VerifiedPasswords } from './verified-passwords.ts'

export interface Login {
  readonly username: string
  readonly password: string
  readonly address: string
}

export interface CredentialServiceDeps {
  readonly users: Pick<UserStore, 'find'>
  readonly hasher: Pick<PasswordHasher, 'inTurn'>
  readonly throttle: Throttle
  readonly verified: VerifiedPasswords
}

export interface CredentialService {
  /** The user who has this name and password. Errors: AUTH_UNAUTHENTICATED, AUTH_THROTTLED. */
  verify(login: Login, signal: AbortSignal): Promise<User>
}

export function createCredentialService(deps: CredentialServiceDeps): CredentialService {
  return {
    async verify(login, signal) {
      const account = usernameKey(login.username) ?? login.username.slice(0, 64)
      return (
        fromMemory(deps, login, account) ??
        deps.hasher.inTurn(signal, async (matches) => {
          // While this one waited others of the same user were answered: a burst with the right password costs one
          // verification, one with wrong passwords stops at the limit.
          return fromMemory(deps, login, account) ?? verifyNow(deps, login, account, matches)
        })
      )
    },
  }
}

function fromMemory({ throttle, verified }: CredentialServiceDeps, login: Login, account: string) {
  throttle.check(account, login.address)
  const user = verified.find(account, login.password)
  if (user !== undefined) throttle.succeeded(account, login.address)
  return user
}

async function verifyNow(
  { users, throttle, verified }: CredentialServiceDeps,
  { username, password, address }: Login,
  account: string,
  matches: Matches,
): Promise<User> {
  const generation = verified.generation()
  // What cannot be a name is nobody's, and the look-up is of nobody as well.
  const user = await users.find(usernameKey(username) ?? '')
  const right = await matches(user?.passwordHash, password)
  if (user === undefined || !right || !user.active) {
    throttle.failed(account, address)
    throw createError('AUTH_UNAUTHENTICATED')
  }
  throttle.succeeded(account, address)
  verified.remember(account, password, user, generation)
  return user
}
