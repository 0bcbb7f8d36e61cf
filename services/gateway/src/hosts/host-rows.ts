// Hosts as the API guide writes them (section 1.1) and as the inventory takes them.
import {
  createError,
  type HostInput,
  type HostPackage,
  type HostRow,
  type InventoryItem,
} from '@slipway/contracts'
import { rfc1123 } from '../http/time-text.ts'
import { joinedList, list, name, text } from '../rows/field.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { type RowRules, readRow } from '../rows/read-row.ts'

/** Keys of POST /hosts. `host_or_ip` is what Cisco's own demonstration client sends. */
export const hostFields = {
  hostname: name('hostname', { role: 'identity', maxLength: 50 }),
  region: name('region', { role: 'needed', maxLength: 100 }),
  connectionType: text('connection_type', { role: 'needed', maxLength: 100 }),
  addresses: list('ts_or_ip', { role: 'needed', maxLength: 100, alias: 'host_or_ip' }),
  roles: joinedList('roles', { role: 'clearable', maxLength: 100 }),
  ports: list('port_number', { role: 'clearable', maxLength: 100, numbers: true }),
  username: text('username', { role: 'clearable', maxLength: 50 }),
  password: text('password', { role: 'clearable', maxLength: 100 }),
  enablePassword: text('enable_password', { role: 'clearable', maxLength: 100 }),
  jumpHost: name('jump_host', { role: 'clearable', maxLength: 100 }),
  location: text('location', { role: 'clearable', maxLength: 100 }),
} as const

export const hostRules: RowRules = {
  identityMissing: () => createError('INVENTORY_HOSTNAME_INVALID', ['']),
}

/** Reads a row of POST /hosts. Throws the first failure. */
export function parseHost(row: JsonRow): HostInput {
  return readRow(row, hostFields, hostRules)
}

/** A row of GET /hosts: the guide's keys, then those of later CSM releases. Passwords never appear. */
export function renderHost(row: HostRow) {
  const { facts } = row
  return {
    hostname: row.hostname,
    region: row.region,
    roles: row.roles,
    connection_type: row.connectionType,
    ts_or_ip: row.addresses.join(','),
    host_username: row.username,
    port_number: row.ports.join(','),
    jump_host: row.jumpHost,
    family: facts.family,
    hardware: facts.chassis,
    software_platform: facts.softwarePlatform,
    software_version: facts.softwareVersion,
    os_type: facts.osType,
    username: row.username,
    chassis: facts.chassis,
    location: row.location,
    created_by: row.createdBy,
    created_time: rfc1123(row.createdAt),
  }
}

/** A row of GET /hosts/<hostname>/packages. */
export function renderPackage({ name: packageName, state, location, modules }: HostPackage) {
  return { name: packageName, state, location, modules }
}

/** A row of GET /hosts/<hostname>/inventory. */
export function renderInventoryItem(item: InventoryItem) {
  return {
    location: item.location,
    name: item.name,
    description: item.description,
    model_name: item.modelName,
    serial_number: item.serialNumber,
    hardware_revision: item.hardwareRevision,
  }
}
