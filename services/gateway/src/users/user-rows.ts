// Rows of users, which the API guide does not know.
import {
  createError,
  isUsername,
  longestUsername,
  type Privilege,
  passwordLength,
  privileges,
  type UserInput,
  type UserRow,
  usernameKey,
} from '@slipway/contracts'
import { timeWriter } from '../http/time-text.ts'
import { type Field, flag, text } from '../rows/field.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { readIdentity, readRow } from '../rows/read-row.ts'

const newPassword = { maxLength: passwordLength.most, minLength: passwordLength.least } as const

/** Keys of POST /users. */
export const userFields = {
  username: usernameField(),
  password: text('password', { role: 'needed', ...newPassword }),
  privilege: privilegeField(),
  fullname: text('fullname', { role: 'clearable', maxLength: 100 }),
  email: text('email', { role: 'clearable', maxLength: 100 }),
  active: flag('active', 'kept'),
} as const

/** Keys of POST /users/me/password. */
const passwordFields = {
  password: text('password', { role: 'needed', maxLength: 1_000 }),
  newPassword: text('new_password', { role: 'needed', ...newPassword }),
} as const

/** Reads a row of POST /users. Throws the first failure. */
export function parseUser(row: JsonRow): UserInput {
  return readRow(row, userFields)
}

/** Who a row is about, as names of users are compared. */
export function identifyUser(row: JsonRow): string {
  const username = readIdentity(row, userFields.username)
  return usernameKey(username) ?? username
}

/** Reads the body of POST /users/me/password. Throws the first failure. */
export function parseNewPassword(row: JsonRow): { password: string; newPassword: string } {
  const { password, newPassword } = readRow(row, passwordFields)
  if (password === undefined) throw createError('ROW_KEY_MISSING', ['password'])
  if (newPassword === undefined) throw createError('ROW_KEY_MISSING', ['new_password'])
  return { password, newPassword }
}

/** A row of GET /users. There is nothing of a password in it. */
export function renderUser(row: UserRow) {
  return {
    username: row.username,
    privilege: row.privilege,
    fullname: row.fullname,
    email: row.email,
    active: row.active,
    created_by: row.createdBy,
    created_time: timeWriter(undefined)(row.createdAt),
  }
}

function usernameField(): Field<string, 'identity'> {
  const asText = text('username', { role: 'identity', maxLength: longestUsername })
  return {
    ...asText,
    read: (value) => {
      const username = asText.read(value)
      if (username !== '' && !isUsername(username)) throw createError('AUTH_USERNAME_INVALID', [username])
      return username
    },
  }
}

function privilegeField(): Field<Privilege, 'needed'> {
  const asText = text('privilege', { role: 'needed', maxLength: 100 })
  return {
    ...asText,
    read: (value) => {
      const given = asText.read(value)
      const privilege = privileges.find((each) => each === given)
      if (privilege === undefined) {
        throw createError('AUTH_PRIVILEGE_INVALID', [given, privileges.join(', ')])
      }
      return privilege
    },
  }
}
