import type { PasswordHasher } from '../credentials/password-hasher.ts'
import { generatePassword, type InitialAdmin, initialAdminName, newAdmin } from './initial-admin.ts'
import type { UserStore } from './user-store.ts'

export interface InitialAdminDeps {
  readonly store: Pick<UserStore, 'count' | 'insertFirst'>
  readonly hasher: Pick<PasswordHasher, 'hash'>
  readonly now: () => Date
}

/**
 * Makes the admin `root` if there is no user at all.
 * @param given its password; absent: one is generated
 * @returns the generated password, the only time that anybody can learn it; undefined if none was generated
 */
export async function ensureAdmin(
  { store, hasher, now }: InitialAdminDeps,
  given: string | undefined,
): Promise<InitialAdmin | undefined> {
  if ((await store.count()) > 0) return undefined
  const password = given ?? generatePassword()
  const inserted = await store.insertFirst(newAdmin(await hasher.hash(password), now()))
  return inserted && given === undefined ? { username: initialAdminName, password } : undefined
}
