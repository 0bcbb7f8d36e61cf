// The admin of the very first start. There is no default password.
import { randomBytes, randomUUID } from 'node:crypto'
import type { User } from './user.ts'

/** The admin made at the very first start, to be shown to the operator once. */
export interface InitialAdmin {
  readonly username: string
  readonly password: string
}

/** Name of the admin of the first start. */
export const initialAdminName = 'root'

/** A password nobody can guess. */
export function generatePassword(): string {
  return randomBytes(18).toString('base64url')
}

export function newAdmin(passwordHash: string, now: Date): User {
  return {
    id: randomUUID(),
    username: initialAdminName,
    passwordHash,
    privilege: 'Admin',
    fullname: '',
    email: '',
    active: true,
    epoch: 1,
    createdBy: '',
    createdAt: now,
    changedAt: now,
  }
}
