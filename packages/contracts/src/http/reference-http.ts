// What hosts and jobs refer to, as the HTTP API shows it: regions, jump hosts, server repositories, custom command
// profiles. All have the same three operations. Source: REST contract, section 4.
import { type TObject, type TProperties, Type } from '@sinclair/typebox'
import { serverTypes } from '../inventory.ts'
import {
  choice,
  deletedAnswers,
  failure,
  filter,
  listOf,
  named,
  pathName,
  rowAnswers,
  rowsBody,
  text,
  texts,
} from './http-shapes.ts'
import type { HttpOperation } from './operation.ts'

interface Resource {
  path: string
  tag: HttpOperation['tag']
  /** In operation ids: `upsert…s`. */
  noun: string
  kind: string
  listKey: string
  key: string
  input: TObject
  row: TObject
  example: Readonly<Record<string, unknown>>
  answerKeys?: TProperties
}

const createdBy = { created_by: text('Who created it.', 'root') }
const closed = { additionalProperties: false }
const secret = Type.Optional(text('Never shown again.', '', { format: 'password' }))
const some = (description: string, example = '') => Type.Optional(text(description, example))

const regionKeys = {
  region_name: text('Name of the region.', 'SJ Labs', { maxLength: 100 }),
  server_repositories: texts('Names of server repositories.', ['sftp-1']),
}
const connection = choice('How it is reached.', ['telnet', 'ssh'])
const jumpHostName = text('Name of the jump host.', 'Jumper', { maxLength: 100 })
const repositoryName = text('Name of the repository.', 'sftp-1', { maxLength: 100 })
const serverType = choice('Protocol by which routers fetch files.', serverTypes)
const repositoryDetails = {
  tftp_server_path: some('TFTP: the server.', '10.1.1.1'),
  file_directory: some('TFTP: directory on it.'),
  server_address: some('The server, may be host:port.', '10.1.1.2'),
  home_directory: some('Directory on the server.', '/images'),
  vrf: some('VRF (TFTP, FTP).'),
  username: some('User of the server.', 'images'),
  destination_on_host: some('SCP: directory on the router.'),
  device_path: some('LOCAL: directory on the router.', 'harddisk:/images'),
}
const profileKeys = {
  profile_name: text('Name of the profile.', 'Before upgrade', { maxLength: 100 }),
  command_list: texts('Commands, one line each, at most 500 characters.', ['show bgp summary']),
}

const resources: readonly Resource[] = [
  {
    path: 'regions',
    tag: 'Regions',
    noun: 'Region',
    kind: 'Region',
    listKey: 'region_list',
    key: 'region_name',
    input: Type.Object(
      { ...regionKeys, server_repositories: Type.Optional(regionKeys.server_repositories) },
      closed,
    ),
    row: Type.Object({ ...regionKeys, ...createdBy }),
    example: { region_name: 'SJ Labs', server_repositories: ['sftp-1'] },
  },
  {
    path: 'jump_hosts',
    tag: 'Jump hosts',
    noun: 'JumpHost',
    kind: 'Jump host',
    listKey: 'jump_host_list',
    key: 'hostname',
    input: Type.Object(
      {
        hostname: jumpHostName,
        connection_type: Type.Optional(connection),
        host_or_ip: some('Address. Needed for a new one.', '10.1.1.9'),
        port_number: Type.Optional(
          Type.Union([Type.String(), Type.Integer()], { description: 'Port.', examples: ['22'] }),
        ),
        username: some('User.', 'jumper'),
        password: secret,
      },
      closed,
    ),
    row: Type.Object({
      hostname: jumpHostName,
      connection_type: connection,
      host_or_ip: text('Address.', '10.1.1.9'),
      port_number: text('Port.', '22'),
      username: text('User.', 'jumper'),
      ...createdBy,
    }),
    example: {
      hostname: 'Jumper',
      connection_type: 'ssh',
      host_or_ip: '10.1.1.9',
      port_number: '22',
      username: 'jumper',
    },
  },
  {
    path: 'server_repositories',
    tag: 'Server repositories',
    noun: 'ServerRepository',
    kind: 'Server repository',
    listKey: 'server_repository_list',
    key: 'hostname',
    input: Type.Object(
      {
        hostname: repositoryName,
        server_type: Type.Optional(serverType),
        ...repositoryDetails,
        password: secret,
      },
      closed,
    ),
    row: Type.Object({
      hostname: repositoryName,
      server_type: serverType,
      ...repositoryDetails,
      ...createdBy,
    }),
    example: {
      hostname: 'sftp-1',
      server_type: 'SFTP',
      server_address: '10.1.1.2',
      home_directory: '/images',
    },
    answerKeys: { server_type: Type.Optional(Type.String()) },
  },
  {
    path: 'custom_command_profiles',
    tag: 'Custom command profiles',
    noun: 'CommandProfile',
    kind: 'Custom command profile',
    listKey: 'custom_command_profile_list',
    key: 'profile_name',
    input: Type.Object(
      {
        profile_name: profileKeys.profile_name,
        command_list: Type.Optional(
          Type.Union([Type.String(), Type.Array(Type.String())], {
            description: 'Commands; a text is one command.',
            examples: [['show bgp summary']],
          }),
        ),
      },
      closed,
    ),
    row: Type.Object({ ...profileKeys, ...createdBy }),
    example: { profile_name: 'Before upgrade', command_list: ['show bgp summary'] },
  },
]

function operationsOf(resource: Resource): HttpOperation[] {
  const { noun, kind, key, listKey, tag, example } = resource
  const path = `/api/v1/${resource.path}`
  const name = String(example[key])
  return [
    {
      method: 'post',
      path,
      id: `upsert${plural(noun)}`,
      tag,
      summary: `Create or update ${plural(kind).toLowerCase()}`,
      description: 'An existing name is updated: absent keys keep their value.',
      permission: 'inventory.manage',
      body: rowsBody(`${plural(kind)}.`, named(`${noun}Input`, resource.input), { one: [example] }),
      answers: rowAnswers(
        listKey,
        { [key]: Type.String(), ...resource.answerKeys },
        { status: 'SUCCESS', [key]: name },
      ),
    },
    {
      method: 'get',
      path,
      id: `list${plural(noun)}`,
      tag,
      summary: `List ${plural(kind).toLowerCase()}`,
      permission: 'read',
      query: { [key]: filter('Only this one.', name) },
      answers: {
        200: {
          description: `All, or the named one, without passwords.`,
          schema: listOf(listKey, named(noun, resource.row)),
          example: { api_response: { [listKey]: [{ ...example, created_by: 'root' }] } },
        },
        400: failure('There is no such name.', `${kind} '${name}' does not exist in the database.`),
      },
    },
    {
      method: 'delete',
      path: `${path}/{name}/delete`,
      id: `delete${noun}`,
      tag,
      summary: `Delete a ${kind.toLowerCase()}`,
      permission: 'inventory.manage',
      params: { name: pathName('Its name.', name) },
      answers: deletedAnswers(key, kind, name),
    },
  ]
}

function plural(noun: string): string {
  return noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
}

export const referenceOperations: readonly HttpOperation[] = resources.flatMap(operationsOf)
