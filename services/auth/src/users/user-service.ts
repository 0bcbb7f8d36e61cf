import { randomBytes, randomUUID } from 'node:crypto'
import { type Epoch, type Privilege, tokenLifetimeS } from '@slipway/contracts'
import type { PasswordHasher } from '../credentials/password-hasher.ts'
import { applyChange, toEpoch, type User, usernameKey } from './user.ts'
import type { UserStore } from './user-store.ts'

export interface UserServiceDeps {
  readonly store: UserStore
  readonly hasher: Pick<PasswordHasher, 'hash'>
  readonly now: () => Date
  /** Hears of every change after its commit. */
  readonly changed: (user: User) => void
}

/** The admin made at the very first start, to be shown to the operator once. */
export interface InitialAdmin {
  readonly username: string
  readonly password: string
}

export interface RequestedChange {
  readonly password?: string
  readonly privilege?: Privilege
  readonly active?: boolean
  readonly fullname?: string
  readonly email?: string
}

export interface UserService {
  /**
   * Makes the admin `root` if there is no user at all.
   * @param password its password; absent: one is generated
   * @returns the generated password, the only time that anybody can learn it; undefined if none was generated
   */
  ensureAdmin(password: string | undefined): Promise<InitialAdmin | undefined>
  /** Changes a user. @returns false if there is none of this name */
  change(username: string, change: RequestedChange): Promise<boolean>
  /** Epochs raised within the life of a token, with some minutes for clocks that differ. */
  listEpochs(): Promise<Epoch[]>
}

const initialAdminName = 'root'
const epochWindowMs = (tokenLifetimeS + 300) * 1_000

export function createUserService({ store, hasher, now, changed }: UserServiceDeps): UserService {
  return {
    async ensureAdmin(given) {
      const password = given ?? randomBytes(18).toString('base64url')
      if ((await store.find(initialAdminName)) !== undefined) return undefined
      const admin = newAdmin(await hasher.hash(password), now())
      const inserted = await store.insertFirst(initialAdminName, admin)
      return inserted && given === undefined ? { username: initialAdminName, password } : undefined
    },
    async change(username, { password, ...rest }) {
      const key = usernameKey(username)
      if (key === undefined) return false
      const change = password === undefined ? rest : { ...rest, passwordHash: await hasher.hash(password) }
      const user = await store.change(key, (before) => applyChange(before, change, now()))
      if (user !== undefined) changed(user)
      return user !== undefined
    },
    async listEpochs() {
      const users = await store.listChangedSince(new Date(now().getTime() - epochWindowMs))
      return users.map(toEpoch)
    },
  }
}

function newAdmin(passwordHash: string, now: Date): User {
  return {
    id: randomUUID(),
    username: initialAdminName,
    passwordHash,
    privilege: 'Admin',
    fullname: '',
    email: '',
    active: true,
    epoch: 1,
    changedAt: now,
  }
}
