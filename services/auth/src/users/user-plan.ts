// What becomes of the rows of a change of users. Every row is judged by itself, in request order, against what the
// rows before it come to: so two rows cannot take away the last active Admin together.
import {
  createError,
  isSlipwayError,
  type RowResult,
  toErrorBody,
  type UserInput,
  usernameKey,
} from '@slipway/contracts'
import { applyChange, isActiveAdmin, type User, type UserChange } from './user.ts'

/** A row whose password has become its hash. */
export type HashedInput = Omit<UserInput, 'password'> & { readonly passwordHash?: string }

/** What is stored, while nobody else can change it. */
export interface Roster {
  /** The users whom the rows name, by the key of their names. */
  readonly existing: ReadonlyMap<string, User>
  /** Ids of all active Admins. */
  readonly activeAdmins: ReadonlySet<string>
  /** Epochs of users deleted lately, by the key of their names. */
  readonly deletedEpochs: ReadonlyMap<string, number>
}

export interface PlanDeps {
  readonly now: Date
  readonly newId: () => string
  readonly createdBy: string
}

export interface UserPlan {
  /** One for each row, in request order. */
  readonly results: RowResult[]
  /** What the good rows came to, in request order. */
  readonly accepted: User[]
}

/** Judges all rows. Errors that are not of the catalogue fail the whole request. */
export function planUsers(rows: readonly HashedInput[], roster: Roster, deps: PlanDeps): UserPlan {
  const plan: UserPlan = { results: [], accepted: [] }
  const admins = new Set(roster.activeAdmins)
  const seen = new Set<string>()
  for (const row of rows) {
    try {
      const user = decideUser(row, roster, deps, seen)
      keepAnAdmin(admins, user)
      plan.accepted.push(user)
      plan.results.push({ key: user.username })
    } catch (error) {
      if (!isSlipwayError(error)) throw error
      plan.results.push({ key: row.username, error: toErrorBody(error) })
    }
  }
  return plan
}

function decideUser(row: HashedInput, roster: Roster, deps: PlanDeps, seen: Set<string>): User {
  const key = usernameKey(row.username)
  if (key === undefined) throw createError('AUTH_USERNAME_INVALID', [row.username])
  if (seen.has(key)) throw createError('ROW_DUPLICATE', ['username', row.username])
  seen.add(key)
  const existing = roster.existing.get(key)
  return existing === undefined
    ? newUser(row, roster.deletedEpochs.get(key) ?? 0, deps)
    : applyChange(existing, changeOf(row), deps.now)
}

function newUser(row: HashedInput, deletedEpoch: number, { now, newId, createdBy }: PlanDeps): User {
  const { passwordHash, privilege } = row
  if (passwordHash === undefined) throw createError('ROW_KEY_MISSING', ['password'])
  if (privilege === undefined) throw createError('ROW_KEY_MISSING', ['privilege'])
  return {
    id: newId(),
    username: row.username.normalize('NFC'),
    passwordHash,
    privilege,
    fullname: row.fullname ?? '',
    email: row.email ?? '',
    active: row.active ?? true,
    // Greater than any that a token of a deleted user of this name may carry.
    epoch: deletedEpoch + 1,
    createdBy,
    createdAt: now,
    changedAt: now,
  }
}

/** null clears, absent keeps. */
function changeOf({ passwordHash, privilege, active, fullname, email }: HashedInput): UserChange {
  return {
    ...(passwordHash === undefined ? {} : { passwordHash }),
    ...(privilege === undefined ? {} : { privilege }),
    ...(active === undefined ? {} : { active }),
    ...(fullname === undefined ? {} : { fullname: fullname ?? '' }),
    ...(email === undefined ? {} : { email: email ?? '' }),
  }
}

/** Follows who is an active Admin. Error: AUTH_LAST_ADMIN. */
function keepAnAdmin(admins: Set<string>, user: User): void {
  if (isActiveAdmin(user)) {
    admins.add(user.id)
    return
  }
  if (admins.has(user.id) && admins.size === 1) throw createError('AUTH_LAST_ADMIN', [user.username])
  admins.delete(user.id)
}
