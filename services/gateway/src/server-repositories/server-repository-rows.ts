// Server repositories as later CSM releases write them. Which keys belong to a server type, and which it needs, is
// the inventory's to say; here every key of every type is known.
import type { RepositoryInput, RepositoryRow, ServerType } from '@slipway/contracts'
import { name, text } from '../rows/field.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { readRow } from '../rows/read-row.ts'

const optional = { role: 'clearable', maxLength: 100 } as const

/** Keys of POST /server_repositories. */
export const repositoryFields = {
  name: name('hostname', { role: 'identity', maxLength: 100 }),
  serverType: text('server_type', { role: 'needed', maxLength: 100 }),
  tftpServerPath: text('tftp_server_path', optional),
  fileDirectory: text('file_directory', optional),
  serverAddress: text('server_address', optional),
  homeDirectory: text('home_directory', optional),
  vrf: text('vrf', optional),
  username: text('username', optional),
  password: text('password', optional),
  destinationOnHost: text('destination_on_host', optional),
  devicePath: text('device_path', optional),
} as const

/** Reads a row of POST /server_repositories. Throws the first failure. */
export function parseRepository(row: JsonRow): RepositoryInput {
  return readRow(row, repositoryFields)
}

type Detail = Exclude<keyof typeof repositoryFields, 'name' | 'serverType' | 'password'>

const remote = ['serverAddress', 'homeDirectory', 'username'] as const

/** What a row of GET /server_repositories shows, by server type. */
const detailsByType: Readonly<Record<ServerType, readonly Detail[]>> = {
  TFTP: ['tftpServerPath', 'fileDirectory', 'vrf'],
  FTP: [...remote, 'vrf'],
  SFTP: remote,
  SCP: [...remote, 'destinationOnHost'],
  LOCAL: ['devicePath'],
  HTTP: remote,
  HTTPS: remote,
}

/** A row of GET /server_repositories: the keys of its type, without the password. */
export function renderRepository(row: RepositoryRow) {
  const details = detailsByType[row.serverType].map((detail) => [repositoryFields[detail].key, row[detail]])
  return {
    hostname: row.name,
    server_type: row.serverType,
    ...Object.fromEntries(details),
    created_by: row.createdBy,
  }
}
