// A user. Names compare case-insensitively and hold no colon, which would end them in HTTP Basic.
import type { Epoch, Privilege } from '@slipway/contracts'

export interface User {
  readonly id: string
  readonly username: string
  /** argon2id in PHC form. */
  readonly passwordHash: string
  readonly privilege: Privilege
  readonly fullname: string
  readonly email: string
  readonly active: boolean
  /** Raised by every change that revokes tokens. */
  readonly epoch: number
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

const longestName = 50
// A colon or a control character. Sample: `a:b`
const FORBIDDEN_IN_NAMES = /[:\p{Cc}\p{Surrogate}]/u

/** The form in which names are compared; undefined for what cannot be the name of a user. */
export function usernameKey(username: string): string | undefined {
  const length = [...username].length
  if (length === 0 || length > longestName || FORBIDDEN_IN_NAMES.test(username)) return undefined
  return username.normalize('NFC').toLowerCase()
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

/** What others need to know to refuse revoked tokens. */
export function toEpoch({ username, epoch, active, changedAt }: User): Epoch {
  return { username, epoch, active, changedAt: changedAt.toISOString() }
}
