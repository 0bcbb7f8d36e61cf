// Hosts as the HTTP API shows them. Source: API guide, section 1.1; REST contract, sections 3 and 8.
import { Type } from '@sinclair/typebox'
import { answer } from './http-samples.ts'
import {
  choice,
  deletedAnswers,
  delimited,
  envelope,
  failure,
  filter,
  listOf,
  named,
  pages,
  pathName,
  rowAnswers,
  rowsBody,
  text,
} from './http-shapes.ts'
import type { HttpOperation } from './operation.ts'

const base = '/api/v1/hosts'
const hostname = text('Name of the host, at most 50 characters.', 'My Host 1', { maxLength: 50 })
const byName = { hostname: pathName('Name of the host.', 'My Host 1') }
const unknownHost = failure('There is no such host.', "Host 'My Host 1' does not exist in the database.")

const HostInput = named(
  'HostInput',
  Type.Object(
    {
      hostname,
      region: Type.Optional(text('An existing region. Needed for a new host.', 'SJ Labs')),
      connection_type: Type.Optional(
        choice('How its routers are reached. Needed for a new host.', ['telnet', 'ssh']),
      ),
      ts_or_ip: Type.Optional(
        delimited('Addresses: IPv4, IPv6 or DNS names. Needed for a new host.', '172.28.98.2'),
      ),
      host_or_ip: Type.Optional(delimited('Stands for `ts_or_ip` where that is absent.', '172.28.98.2')),
      port_number: Type.Optional(delimited('Ports; every address is tried with every port.', '22')),
      username: Type.Optional(text('User of the router.', 'cisco')),
      password: Type.Optional(text('Its password; never shown again.', '', { format: 'password' })),
      enable_password: Type.Optional(text('Never shown again.', '', { format: 'password' })),
      jump_host: Type.Optional(text('An existing jump host; `""` clears it.', 'Jumper')),
      roles: Type.Optional(delimited('Roles of the host.', 'PE')),
      location: Type.Optional(text('Where it stands.', 'San Jose, row 12')),
    },
    { additionalProperties: false },
  ),
)

const discovered = (what: string, example: string) =>
  text(`${what} \`Unknown\` until the host was discovered.`, example)

const Host = named(
  'Host',
  Type.Object({
    hostname,
    region: text('Its region.', 'SJ Labs'),
    roles: text('Comma delimited.', 'PE'),
    connection_type: choice('How it is reached.', ['telnet', 'ssh'], 'ssh'),
    ts_or_ip: text('Comma delimited.', '172.28.98.2'),
    host_username: text('User of the router.', 'cisco'),
    port_number: text('Comma delimited.', '22'),
    jump_host: text('Its jump host.', ''),
    family: discovered('Family of the router.', 'ASR9K'),
    hardware: discovered('Its chassis.', 'ASR-9904'),
    software_platform: discovered('Platform of its software.', 'ASR9K-X64'),
    software_version: discovered('Release it runs.', '6.1.3'),
    os_type: discovered('`XR` or `eXR`.', 'eXR'),
    username: text('Same as `host_username`.', 'cisco'),
    chassis: discovered('Same as `hardware`.', 'ASR-9904'),
    location: text('Where it stands.', ''),
    created_by: text('Who created it.', 'root'),
    created_time: text('RFC 1123.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
  }),
)

const packageState = choice(
  'State of the package.',
  ['inactive', 'inactive-committed', 'active', 'active-committed'],
  'active-committed',
)
const HostPackage = named(
  'HostPackage',
  Type.Object({
    name: text('As the router names it.', 'asr9k-mcast-px-6.1.1'),
    state: packageState,
    location: text('Node or storage.', '0/RSP0/CPU0'),
    modules: Type.Array(
      Type.Object({ name: text('Name of the module.', '0/RP0/CPU0'), state: packageState }),
      { description: 'Its state by module, where the router tells it (eXR); else empty.' },
    ),
  }),
)

const InventoryItem = named(
  'InventoryItem',
  Type.Object({
    location: text('Slot.', '0/0/CPU0'),
    name: text('Name the router gives it.', 'module 0/0/CPU0'),
    description: text('What it is.', 'ASR 9000 8-port 100GE line card'),
    model_name: text('Product id.', 'A9K-8X100GE-L-SE'),
    serial_number: text('Serial number.', 'FOC1915N6QL'),
    hardware_revision: text('Version id.', 'V01'),
  }),
)

export const hostOperations: readonly HttpOperation[] = [
  {
    method: 'post',
    path: base,
    id: 'upsertHosts',
    tag: 'Hosts',
    summary: 'Create or update hosts',
    description:
      'An existing hostname is updated: absent keys keep their value, an empty text clears an optional one. ' +
      'A new host, and one whose connection changed, is discovered at once.',
    permission: 'inventory.manage',
    body: rowsBody('Hosts.', HostInput, {
      'two hosts': [
        {
          hostname: 'My Host 1',
          region: 'SJ Labs',
          roles: 'PE',
          connection_type: 'telnet',
          ts_or_ip: '172.28.98.2',
          username: 'cisco',
          password: 'cisco',
        },
        {
          hostname: 'My Host 2',
          region: 'SJ Labs',
          roles: 'PE',
          connection_type: 'ssh',
          ts_or_ip: '172.28.98.3',
          username: 'cisco',
          password: 'cisco',
        },
      ],
    }),
    answers: rowAnswers(
      'host_list',
      { hostname: Type.String() },
      { status: 'SUCCESS', hostname: 'My Host 1' },
    ),
  },
  {
    method: 'get',
    path: base,
    id: 'listHosts',
    tag: 'Hosts',
    summary: 'List hosts',
    description: 'In pages of 1000, ordered by name. Filters are ANDed.',
    permission: 'read',
    query: {
      hostname: filter('Only this host.', 'My Host 1'),
      region: filter('Only hosts of this region.', 'SJ Labs'),
      family: filter('Only hosts of this family, exactly.', 'ASR9K'),
      page: filter('Page, from 1.', 1),
    },
    answers: {
      200: answer('A page of hosts.', listOf('host_list', Host, pages)),
      400: failure('An unknown region, host, page or parameter.', 'Unknown page number'),
    },
  },
  {
    method: 'delete',
    path: `${base}/{hostname}/delete`,
    id: 'deleteHost',
    tag: 'Hosts',
    summary: 'Delete a host',
    description: 'Its jobs, packages and session logs go with it.',
    permission: 'inventory.manage',
    params: byName,
    answers: deletedAnswers('hostname', 'Host', 'My Host 1'),
  },
  {
    method: 'get',
    path: `${base}/{hostname}/packages`,
    id: 'listHostPackages',
    tag: 'Hosts',
    summary: 'Packages on a host',
    permission: 'read',
    params: byName,
    answers: {
      200: answer('Packages as last seen.', listOf('package_list', HostPackage)),
      400: unknownHost,
    },
  },
  {
    method: 'get',
    path: `${base}/{hostname}/inventory`,
    id: 'listHostInventory',
    tag: 'Hosts',
    summary: 'Hardware of a host',
    permission: 'read',
    params: byName,
    answers: {
      200: answer('Hardware as last seen.', listOf('inventory_list', InventoryItem)),
      400: unknownHost,
    },
  },
  {
    method: 'post',
    path: `${base}/{hostname}/inventory`,
    id: 'refreshHost',
    tag: 'Hosts',
    summary: 'Discover a host anew',
    permission: 'install.manage',
    params: byName,
    answers: {
      202: {
        description: 'A discovery will run.',
        schema: envelope(Type.Object({ status: Type.Literal('SUCCESS'), hostname: Type.String() })),
        example: { api_response: { status: 'SUCCESS', hostname: 'My Host 1' } },
      },
      400: unknownHost,
    },
  },
]
