// Use cases of users. Whatever revokes tokens is told to everybody after its commit.
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  createError,
  type Epoch,
  hasCode,
  type RowResult,
  tokenLifetimeS,
  type UserInput,
  type UserRow,
  usernameKey,
} from '@slipway/contracts'
import type { CredentialService, Login } from '../credentials/credential-service.ts'
import type { PasswordHasher } from '../credentials/password-hasher.ts'
import { applyChange, isActiveAdmin, keyOf, toEpoch, toRow, type User } from './user.ts'
import { type HashedInput, planUsers } from './user-plan.ts'
import type { UserChanges, UserStore } from './user-store.ts'

export interface UserServiceDeps {
  readonly store: Omit<UserStore, 'count' | 'insertFirst'>
  readonly hasher: Pick<PasswordHasher, 'hash'>
  readonly credentials: Pick<CredentialService, 'verify'>
  readonly now: () => Date
  /** Hears of every change that concerns tokens or passwords, after its commit. */
  readonly changed: (epoch: Epoch) => void
}

export interface UserService {
  /** Makes and changes users, row by row. Error: INPUT_TOO_LARGE, beside those of rows. */
  upsert(rows: readonly UserInput[], createdBy: string, signal: AbortSignal): Promise<RowResult[]>
  /** All users by name, or the one of this name. Error: AUTH_USER_NOT_FOUND. */
  list(username: string | undefined): Promise<UserRow[]>
  /** Removes a user. @returns his name as it was stored. Errors: AUTH_USER_NOT_FOUND, AUTH_LAST_ADMIN. */
  delete(username: string): Promise<string>
  /** Changes a password by whoever knows the present one. Errors: AUTH_PASSWORD_WRONG, AUTH_THROTTLED. */
  changePassword(login: Login, newPassword: string, signal: AbortSignal): Promise<void>
  /** Epochs raised within the life of a token, with some minutes for clocks that differ. */
  listEpochs(): Promise<Epoch[]>
}

const epochWindowMs = (tokenLifetimeS + 300) * 1_000
/** A hash takes 15 ms and more; so many take a request some seconds, and logins go on in between. */
const mostPasswords = 500

export function createUserService(deps: UserServiceDeps): UserService {
  const { store, now } = deps
  const windowStart = () => new Date(now().getTime() - epochWindowMs)
  return {
    upsert: (rows, createdBy, signal) => upsert(deps, rows, createdBy, signal),
    async list(username) {
      if (username === undefined) return (await store.list()).map(toRow)
      const user = await store.find(usernameKey(username) ?? '')
      if (user === undefined) throw createError('AUTH_USER_NOT_FOUND', [username])
      return [toRow(user)]
    },
    async delete(username) {
      const deletedAt = now()
      const user = await store.change([usernameKey(username) ?? ''], async (users) => {
        const found = removable(users, username)
        await users.remove(found, deletedAt, windowStart())
        return found
      })
      deps.changed(toEpoch({ ...user, epoch: user.epoch + 1, active: false, changedAt: deletedAt }))
      return user.username
    },
    changePassword: (login, newPassword, signal) => changePassword(deps, login, newPassword, signal),
    listEpochs: () => store.listEpochsSince(windowStart()),
  }
}

function removable({ existing, activeAdmins }: UserChanges, username: string): User {
  const [user] = existing.values()
  if (user === undefined) throw createError('AUTH_USER_NOT_FOUND', [username])
  if (isActiveAdmin(user) && activeAdmins.size === 1) throw createError('AUTH_LAST_ADMIN', [user.username])
  return user
}

async function upsert(
  { store, hasher, now, changed }: UserServiceDeps,
  rows: readonly UserInput[],
  createdBy: string,
  signal: AbortSignal,
): Promise<RowResult[]> {
  const hashed = await hashPasswords(hasher, rows, signal)
  const keys = rows.flatMap(({ username }) => usernameKey(username) ?? [])
  const { results, touched } = await store.change(keys, async (users) => {
    const plan = planUsers(hashed, users, { now: now(), newId: randomUUID, createdBy })
    await users.save(plan.accepted)
    const isRevoking = (user: User) => users.existing.get(keyOf(user))?.epoch !== user.epoch
    return { results: plan.results, touched: plan.accepted.filter(isRevoking) }
  })
  for (const [index, user] of touched.entries()) {
    // In portions, so that 10,000 events do not hold up everything else.
    if (index % 200 === 199) await nextTurn()
    changed(toEpoch(user))
  }
  return results
}

/** One after the other, before any lock is taken: of the few places for hashes a request of many rows has one. */
async function hashPasswords(
  hasher: UserServiceDeps['hasher'],
  rows: readonly UserInput[],
  signal: AbortSignal,
): Promise<HashedInput[]> {
  const count = rows.filter(({ password }) => password !== undefined).length
  if (count > mostPasswords) {
    throw createError('INPUT_TOO_LARGE', [`at most ${mostPasswords} rows with a password.`])
  }
  const hashed: HashedInput[] = []
  for (const { password, ...row } of rows) {
    hashed.push(password === undefined ? row : { ...row, passwordHash: await hasher.hash(password, signal) })
  }
  return hashed
}

async function changePassword(
  { store, hasher, credentials, now, changed }: UserServiceDeps,
  login: Login,
  newPassword: string,
  signal: AbortSignal,
): Promise<void> {
  const wrong = () => createError('AUTH_PASSWORD_WRONG')
  const verified = await credentials.verify(login, signal).catch((error: unknown) => {
    throw hasCode(error, 'AUTH_UNAUTHENTICATED') ? wrong() : error
  })
  const passwordHash = await hasher.hash(newPassword, signal)
  const user = await store.change([keyOf(verified)], async ({ existing, save }) => {
    const current = existing.get(keyOf(verified))
    // The password that was verified may have been changed meanwhile.
    if (current?.id !== verified.id || current.epoch !== verified.epoch) throw wrong()
    const next = applyChange(current, { passwordHash }, now())
    await save([next])
    return next
  })
  changed(toEpoch(user))
}
