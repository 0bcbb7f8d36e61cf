// A user, and what a change of him means for the tokens he has.
import { type Epoch, type Privilege, type UserRow, usernameKey } from '@slipway/contracts'

export interface User {
  readonly id: string
  /** As it was first written. */
  readonly username: string
  /** argon2id in PHC form. */
  readonly passwordHash: string
  readonly privilege: Privilege
  readonly fullname: string
  readonly email: string
  readonly active: boolean
  /** Raised by every change that revokes tokens. */
  readonly epoch: number
  /** Who made him; empty for the admin of the first start. */
  readonly createdBy: string
  readonly createdAt: Date
  /** When the epoch was raised last. */
  readonly changedAt: Date
}

/** What may be changed of a user; absent keeps. A changed password, privilege or activity revokes all tokens. */
export interface UserChange {
  readonly passwordHash?: string
  readonly privilege?: Privilege
  readonly active?: boolean
  readonly fullname?: string
  readonly email?: string
}

/** The user with the change applied; the epoch grows where tokens must no longer hold what they say. */
export function applyChange(user: User, change: UserChange, now: Date): User {
  const changed = { ...user, ...change }
  const revokes =
    change.passwordHash !== undefined ||
    changed.privilege !== user.privilege ||
    changed.active !== user.active
  return revokes ? { ...changed, epoch: user.epoch + 1, changedAt: now } : changed
}

/** True for those of whom one must always be left. */
export function isActiveAdmin({ privilege, active }: Pick<User, 'privilege' | 'active'>): boolean {
  return privilege === 'Admin' && active
}

/** The form in which the name of a user is compared; users have names that can be. */
export function keyOf({ username }: Pick<User, 'username'>): string {
  return usernameKey(username) ?? username
}

/** What others need to know to refuse revoked tokens. */
export function toEpoch({
  username,
  epoch,
  active,
  changedAt,
}: Omit<Epoch, 'changedAt'> & { changedAt: Date }) {
  return { username, epoch, active, changedAt: changedAt.toISOString() }
}

/** The user as others may know him. */
export function toRow({ username, privilege, fullname, email, active, createdBy, createdAt }: User): UserRow {
  return { username, privilege, fullname, email, active, createdBy, createdAt: createdAt.toISOString() }
}
