// Custom command profiles as later CSM releases write them.
import type { ProfileInput, ProfileRow } from '@slipway/contracts'
import { lines, name } from '../rows/field.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { readRow } from '../rows/read-row.ts'

/** Keys of POST /custom_command_profiles. A command is one line; commas inside it survive. */
export const profileFields = {
  name: name('profile_name', { role: 'identity', maxLength: 100 }),
  commands: lines('command_list', { role: 'kept', maxLength: 500 }),
} as const

/** Reads a row of POST /custom_command_profiles. Throws the first failure. */
export function parseProfile(row: JsonRow): ProfileInput {
  return readRow(row, profileFields)
}

/** A row of GET /custom_command_profiles. */
export function renderProfile(row: ProfileRow) {
  return { profile_name: row.name, command_list: row.commands, created_by: row.createdBy }
}
