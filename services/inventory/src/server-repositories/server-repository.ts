// A server repository: where software is fetched from. Which keys belong to a type and which it needs stands in one
// table; the needed ones are needed on every update too.
import { createError, type RepositoryInput, type ServerType, serverTypes } from '@slipway/contracts'
import { checkServerAddress } from '../address.ts'
import { keptText, required } from '../row-plan.ts'
import { keptSecret, type SealFor } from '../sealing.ts'

/** Fields beside name and type, with their keys in the REST contract. */
const restKeys = {
  tftpServerPath: 'tftp_server_path',
  fileDirectory: 'file_directory',
  serverAddress: 'server_address',
  homeDirectory: 'home_directory',
  vrf: 'vrf',
  username: 'username',
  password: 'password',
  destinationOnHost: 'destination_on_host',
  devicePath: 'device_path',
} as const
type Field = keyof typeof restKeys
type TextField = Exclude<Field, 'password'>
const fields = Object.keys(restKeys) as Field[]

interface TypeRules {
  readonly needed: readonly Field[]
  readonly optional: readonly Field[]
}
const onServer = ['serverAddress', 'homeDirectory'] as const
const login = ['username', 'password'] as const

/** Source: the REST contract, section 4. */
const typeRules: Readonly<Record<ServerType, TypeRules>> = {
  TFTP: { needed: ['tftpServerPath', 'fileDirectory'], optional: ['vrf'] },
  FTP: { needed: onServer, optional: ['vrf', ...login] },
  SFTP: { needed: onServer, optional: login },
  SCP: { needed: [...onServer, 'destinationOnHost'], optional: login },
  LOCAL: { needed: ['devicePath'], optional: [] },
  HTTP: { needed: onServer, optional: login },
  HTTPS: { needed: onServer, optional: login },
}

export type ServerRepository = { readonly [K in TextField]: string } & {
  readonly id: string
  readonly name: string
  readonly serverType: ServerType
  readonly sealedPassword: string | undefined
  readonly createdBy: string
}

export interface RepositoryDecisionDeps {
  readonly existing: ReadonlyMap<string, ServerRepository>
  readonly seal: SealFor<'password'>
  readonly newId: () => string
  readonly createdBy: string
}

/**
 * What a row of POST /server_repositories comes to. A changed type drops what only the old one had.
 * Errors: ROW_KEY_MISSING, INVENTORY_SERVER_TYPE, ROW_KEY_UNKNOWN, ROW_KEYS_UNKNOWN, ROW_INVALID_VALUE, address and port.
 */
export function decideRepository(input: RepositoryInput, deps: RepositoryDecisionDeps): ServerRepository {
  if (input.name === '') throw createError('ROW_KEY_MISSING', ['hostname'])
  const existing = deps.existing.get(input.name)
  const serverType = checkType(input.serverType ?? existing?.serverType)
  const rules = typeRules[serverType]
  refuseForeignKeys(input, rules)
  for (const field of rules.needed) required(restKeys[field], input[field] ?? undefined)
  for (const field of fields) if (field !== 'password') checkValue(field, input[field])
  const id = existing?.id ?? deps.newId()
  const belongs = (field: Field) => rules.needed.includes(field) || rules.optional.includes(field)
  const text = (field: TextField) => (belongs(field) ? keptText(input[field], existing?.[field]) : '')
  return {
    id,
    name: input.name,
    serverType,
    tftpServerPath: text('tftpServerPath'),
    fileDirectory: text('fileDirectory'),
    serverAddress: text('serverAddress'),
    homeDirectory: text('homeDirectory'),
    vrf: text('vrf'),
    username: text('username'),
    destinationOnHost: text('destinationOnHost'),
    devicePath: text('devicePath'),
    sealedPassword: belongs('password')
      ? keptSecret(input.password, existing?.sealedPassword, () =>
          deps.seal(id, 'password', input.password ?? ''),
        )
      : undefined,
    createdBy: existing?.createdBy ?? deps.createdBy,
  }
}

function checkType(given: string | undefined): ServerType {
  const name = required('server_type', given)
  const found = serverTypes.find((type) => type === name)
  if (found === undefined) throw createError('INVENTORY_SERVER_TYPE', [name, serverTypes.join(', ')])
  return found
}

function refuseForeignKeys(input: RepositoryInput, rules: TypeRules): void {
  const foreign = fields
    .filter((field) => input[field] !== undefined)
    .filter((field) => !rules.needed.includes(field) && !rules.optional.includes(field))
    .map((field) => restKeys[field])
  if (foreign.length === 1) throw createError('ROW_KEY_UNKNOWN', foreign)
  if (foreign.length > 1) throw createError('ROW_KEYS_UNKNOWN', [foreign.join("','")])
}

// What would end an argument, start help or a filter on a router's command line, or break the URL; nor do routers take
// anything but ASCII. Sample: `a b|c`
const UNSAFE_ON_ROUTER = /[^!-~]|[|?"'`\\<>;$&]/
// Name of a VRF. Sample: `Mgmt-intf`
const VRF = /^[A-Za-z0-9._:-]+$/

/** These strings become part of commands on routers: nothing in them may be more than a name or a path. */
function checkValue(field: TextField, value: string | null | undefined): void {
  if (value === undefined || value === null || value === '') return
  if (field === 'serverAddress') checkServerAddress(value)
  else if (field === 'vrf' ? !VRF.test(value) : field !== 'username' && UNSAFE_ON_ROUTER.test(value)) {
    throw createError('ROW_INVALID_VALUE', [
      restKeys[field],
      'only ASCII without blanks, quotes and | ? ; < > $ & \\ is allowed.',
    ])
  }
}
