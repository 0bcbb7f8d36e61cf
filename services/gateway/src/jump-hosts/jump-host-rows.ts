// Jump hosts as later CSM releases write them.
import type { JumpHostInput, JumpHostRow } from '@slipway/contracts'
import { name, text, textOrNumber } from '../rows/field.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { readRow } from '../rows/read-row.ts'

/** Keys of POST /jump_hosts. */
export const jumpHostFields = {
  name: name('hostname', { role: 'identity', maxLength: 100 }),
  connectionType: text('connection_type', { role: 'needed', maxLength: 100 }),
  address: text('host_or_ip', { role: 'needed', maxLength: 50 }),
  port: textOrNumber('port_number', { role: 'clearable', maxLength: 10 }),
  username: text('username', { role: 'clearable', maxLength: 50 }),
  password: text('password', { role: 'clearable', maxLength: 100 }),
} as const

/** Reads a row of POST /jump_hosts. Throws the first failure. */
export function parseJumpHost(row: JsonRow): JumpHostInput {
  return readRow(row, jumpHostFields)
}

/** A row of GET /jump_hosts, without the password. */
export function renderJumpHost(row: JumpHostRow) {
  return {
    hostname: row.name,
    connection_type: row.connectionType,
    host_or_ip: row.address,
    port_number: row.port,
    username: row.username,
    created_by: row.createdBy,
  }
}
