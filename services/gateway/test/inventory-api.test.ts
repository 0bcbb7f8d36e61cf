import { createError, type HostRow, inventoryMessages, toErrorBody } from '@slipway/contracts'
import t from 'tap'
import { type Answer, build, failed, hostId, rowsIn } from './fixture.ts'

const host = {
  hostname: 'My Host 1',
  region: 'SJ Labs',
  roles: 'PE',
  connection_type: 'telnet',
  ts_or_ip: '172.28.98.2',
  username: 'cisco',
  password: 'cisco',
}
const messages = (answer: Answer) => rowsIn(answer).map((row) => row['status_message'])

t.test('the guide creates one host or several, which may share an address', async (t) => {
  const { ask, askedFor } = await build(t)
  const one = await ask('POST', '/api/v1/hosts', { body: host })
  t.equal(one.status, 200)
  t.same(one.json, { api_response: { host_list: [{ status: 'SUCCESS', hostname: 'My Host 1' }] } })
  const two = await ask('POST', '/api/v1/hosts', { body: [host, { ...host, hostname: ' My   Host 2 ' }] })
  t.same(two.json, {
    api_response: {
      host_list: [
        { status: 'SUCCESS', hostname: 'My Host 1' },
        { status: 'SUCCESS', hostname: 'My Host 2' },
      ],
    },
  })
  const [asked] = askedFor(inventoryMessages.upsertHosts)
  t.same(asked?.caller, { username: 'root', privilege: 'Admin' })
  t.same(asked?.payload, {
    rows: [
      {
        hostname: 'My Host 1',
        region: 'SJ Labs',
        roles: 'PE',
        connectionType: 'telnet',
        addresses: ['172.28.98.2'],
        username: 'cisco',
        password: 'cisco',
      },
    ],
  })
})

t.test("host rows fail one by one, in request order, with the guide's words", async (t) => {
  const { ask, askedFor } = await build(t, {
    inventory: {
      upsertHosts: ({ rows }) => ({
        rows: rows.map(({ hostname, region }) =>
          region === 'Nowhere'
            ? { key: hostname, error: toErrorBody(createError('INVENTORY_HOST_REGION_UNKNOWN', [region])) }
            : { key: hostname },
        ),
      }),
    },
  })
  const answer = await ask('POST', '/api/v1/hosts', {
    body: [
      { ...host, hostname: 'A', region: 'Nowhere' },
      { ...host, hostname: 'B' },
      { ...host, hostname: '  ' },
      { region: 'SJ Labs' },
      { ...host, hostname: 'C;reload' },
      { ...host, hostname: 'D', typo: 1, 'other typo': 2 },
      { ...host, hostname: 'E', ts_or_ip: [] },
      { ...host, hostname: 'F', region: '' },
      { ...host, hostname: 'G', password: 5 },
      { ...host, hostname: 'H', username: 'x'.repeat(51) },
      { ...host, hostname: 'B' },
      { ...host, hostname: 'I', password: 'a\r\nb' },
      { ...host, hostname: 'J', location: '\ud800' },
      JSON.parse(
        '{"hostname":"K","region":"SJ Labs","connection_type":"ssh","ts_or_ip":"1.1.1.1","__proto__":{}}',
      ),
    ],
  })
  t.equal(answer.status, 207)
  const rows = rowsIn(answer, 'host_list')
  t.same(
    rows.map((row) => `${row['hostname']} ${row['status']}`),
    [
      'A FAILED',
      'B SUCCESS',
      '   FAILED',
      ' FAILED',
      'C;reload FAILED',
      'D FAILED',
      'E FAILED',
      'F FAILED',
    ].concat(['G FAILED', 'H FAILED', 'B FAILED', 'I FAILED', 'J FAILED', 'K FAILED']),
  )
  t.same(messages(answer), [
    'Region "Nowhere" does not exist in the database.',
    undefined,
    "'' is an invalid hostname.",
    "'' is an invalid hostname.",
    '"C;reload" contains invalid characters. It should only contain a-z, A-Z, 0-9, blanks and ().-_:+@/',
    "The following keys, 'typo,other typo', are invalid.",
    "Missing JSON key: 'ts_or_ip'.",
    "Missing JSON key: 'region'.",
    "'password' must be a string.",
    "'username' is too long: at most 50 characters.",
    "More than one entry with the same hostname: 'B'.",
    "'password' must not contain control characters.",
    "'location' is invalid: it is not valid Unicode",
    "The following key, '__proto__', is invalid.",
  ])
  const sent = askedFor(inventoryMessages.upsertHosts)[0]?.payload
  t.match(sent, { rows: [{ hostname: 'A' }, { hostname: 'B' }] })
  const all = await ask('POST', '/api/v1/hosts', { body: [{}, { hostname: null }] })
  t.equal(all.status, 400)
})

t.test(
  'a missing key of a new host comes before wrong types, of a known host it does not matter',
  async (t) => {
    const { ask } = await build(t)
    const answer = await ask('POST', '/api/v1/hosts', {
      body: [
        { hostname: 'new', password: 5 },
        { hostname: 'R1', password: 5 },
      ],
    })
    t.same(messages(answer), ["Missing JSON key: 'region'.", "'password' must be a string."])
  },
)

t.test('absent keys stay absent, empty ones clear, lists and numbers are accepted', async (t) => {
  const { ask, askedFor } = await build(t)
  const body = [
    { hostname: 'R1', roles: '', password: '', jump_host: '', port_number: [], location: null },
    { hostname: 'R2', roles: ['PE', ' P '], host_or_ip: '10.0.0.1, ,10.0.0.2', port_number: [2001, '2002'] },
    { hostname: 'R3', port_number: 22, ts_or_ip: ['a', 'b,c'], host_or_ip: 'ignored', password: ' blank ' },
  ]
  t.equal((await ask('POST', '/api/v1/hosts', { body })).status, 200)
  t.same(askedFor(inventoryMessages.upsertHosts)[0]?.payload, {
    rows: [
      { hostname: 'R1', roles: null, password: null, jumpHost: null, ports: null },
      { hostname: 'R2', roles: 'PE,P', addresses: ['10.0.0.1', '10.0.0.2'], ports: ['2001', '2002'] },
      { hostname: 'R3', ports: ['22'], addresses: ['a', 'b', 'c'], password: ' blank ' },
    ],
  })
})

const storedHost: HostRow = {
  id: hostId(1),
  hostname: 'R1',
  region: 'RTP-SVS',
  roles: 'P',
  connectionType: 'telnet',
  addresses: ['10.122.54.101', '10.122.54.102'],
  ports: [2001, 2002],
  username: 'cisco',
  jumpHost: '',
  location: 'Lab 3',
  facts: {
    family: 'ASR9K',
    chassis: 'ASR-9006',
    softwarePlatform: 'ASR9K',
    softwareVersion: '5.3.0',
    osType: 'XR',
  },
  createdBy: 'root',
  createdAt: '2016-06-01T15:15:00.000Z',
}

t.test('GET /hosts answers the keys of the guide and of later releases, with pages', async (t) => {
  const { ask, askedFor } = await build(t, {
    inventory: { listHosts: ({ page }) => ({ rows: [storedHost], page, totalPages: 3 }) },
  })
  const answer = await ask('GET', '/api/v1/hosts?region=%20RTP-SVS&family=ASR9K&page=2&hostname=R1')
  t.equal(answer.status, 200)
  t.same(answer.json, {
    api_response: {
      host_list: [
        {
          hostname: 'R1',
          region: 'RTP-SVS',
          roles: 'P',
          connection_type: 'telnet',
          ts_or_ip: '10.122.54.101,10.122.54.102',
          host_username: 'cisco',
          port_number: '2001,2002',
          jump_host: '',
          family: 'ASR9K',
          hardware: 'ASR-9006',
          software_platform: 'ASR9K',
          software_version: '5.3.0',
          os_type: 'XR',
          username: 'cisco',
          chassis: 'ASR-9006',
          location: 'Lab 3',
          created_by: 'root',
          created_time: 'Wed, 01 Jun 2016 15:15:00 GMT',
        },
      ],
    },
    current_page: 2,
    total_pages: 3,
  })
  const filter = { page: 2, hostname: 'R1', region: 'RTP-SVS', family: 'ASR9K' }
  t.same(askedFor(inventoryMessages.listHosts)[0]?.payload, filter)
})

t.test('a host is deleted, refreshed and looked into by its name in the path', async (t) => {
  const { ask, askedFor } = await build(t, {
    inventory: {
      listPackages: () => ({
        packages: [
          { name: 'asr9k-mini-px-5.3.0', state: 'active-committed', location: 'disk0:', modules: [] },
        ],
      }),
      listInventory: () => ({
        items: [
          {
            location: '0/RSP0',
            name: 'module 0/RSP0/CPU0',
            description: 'RSP',
            modelName: 'A9K-RSP440-SE',
            serialNumber: 'FOC1',
            hardwareRevision: 'V05',
          },
        ],
      }),
    },
  })
  const deleted = await ask('DELETE', '/api/v1/hosts/My%20Host%2F1/delete')
  t.same(deleted.json, { api_response: { status: 'SUCCESS', hostname: 'My Host/1' } })
  t.same(askedFor(inventoryMessages.deleteHost)[0]?.payload, { hostname: 'My Host/1' })
  const packages = await ask('GET', '/api/v1/hosts/R1/packages')
  t.same(rowsIn(packages, 'package_list'), [
    { name: 'asr9k-mini-px-5.3.0', state: 'active-committed', location: 'disk0:', modules: [] },
  ])
  const parts = await ask('GET', '/api/v1/hosts/R1/inventory')
  t.same(rowsIn(parts, 'inventory_list'), [
    {
      location: '0/RSP0',
      name: 'module 0/RSP0/CPU0',
      description: 'RSP',
      model_name: 'A9K-RSP440-SE',
      serial_number: 'FOC1',
      hardware_revision: 'V05',
    },
  ])
  const refreshed = await ask('POST', '/api/v1/hosts/R1/inventory')
  t.equal(refreshed.status, 202)
  t.same(refreshed.json, { api_response: { status: 'SUCCESS', hostname: 'R1' } })
})

t.test('regions, jump hosts, repositories and profiles are changed, listed and deleted alike', async (t) => {
  const repository = {
    vrf: 'Mgmt',
    tftpServerPath: 'tftp://10.0.0.1',
    fileDirectory: '/tftp',
    serverAddress: '',
  }
  const details = { homeDirectory: '', username: '', destinationOnHost: '', devicePath: '' }
  const { ask, askedFor } = await build(t, {
    inventory: {
      listRegions: () => ({ rows: [{ name: 'SJ Labs', serverRepositories: ['A'], createdBy: 'root' }] }),
      listJumpHosts: () => ({
        rows: [
          {
            name: 'jh',
            connectionType: 'ssh',
            address: '10.0.0.9',
            port: '22',
            username: 'u',
            createdBy: 'root',
          },
        ],
      }),
      listRepositories: () => ({
        rows: [
          { id: hostId(9), name: 'T', serverType: 'TFTP', ...repository, ...details, createdBy: 'root' },
          {
            id: hostId(8),
            name: 'L',
            serverType: 'LOCAL',
            ...repository,
            ...details,
            devicePath: 'disk0:',
            createdBy: 'x',
          },
        ],
      }),
      listProfiles: ({ name }) => {
        if (name !== undefined) throw createError('INVENTORY_PROFILE_NOT_FOUND', [name])
        return { rows: [{ name: 'P', commands: ['show version'], createdBy: 'root' }] }
      },
    },
  })
  const kinds = [
    {
      path: 'regions',
      list: 'region_list',
      body: { region_name: 'SJ Labs', server_repositories: ['A', ' B '] },
      stored: { name: 'SJ Labs', serverRepositories: ['A', 'B'] },
      answer: { status: 'SUCCESS', region_name: 'SJ Labs' },
      rows: [{ region_name: 'SJ Labs', server_repositories: ['A'], created_by: 'root' }],
      rpc: inventoryMessages.upsertRegions,
    },
    {
      path: 'jump_hosts',
      list: 'jump_host_list',
      body: { hostname: 'jh', connection_type: 'ssh', host_or_ip: '10.0.0.9', port_number: 22, username: '' },
      stored: { name: 'jh', connectionType: 'ssh', address: '10.0.0.9', port: '22', username: null },
      answer: { status: 'SUCCESS', hostname: 'jh' },
      rows: [
        {
          hostname: 'jh',
          connection_type: 'ssh',
          host_or_ip: '10.0.0.9',
          port_number: '22',
          username: 'u',
          created_by: 'root',
        },
      ],
      rpc: inventoryMessages.upsertJumpHosts,
    },
    {
      path: 'server_repositories',
      list: 'server_repository_list',
      body: {
        hostname: 'T',
        server_type: 'TFTP',
        tftp_server_path: 'tftp://10.0.0.1',
        file_directory: '/tftp',
      },
      stored: { name: 'T', serverType: 'TFTP', tftpServerPath: 'tftp://10.0.0.1', fileDirectory: '/tftp' },
      answer: { status: 'SUCCESS', hostname: 'T', server_type: 'TFTP' },
      rows: [
        {
          hostname: 'T',
          server_type: 'TFTP',
          tftp_server_path: 'tftp://10.0.0.1',
          file_directory: '/tftp',
          vrf: 'Mgmt',
          created_by: 'root',
        },
        { hostname: 'L', server_type: 'LOCAL', device_path: 'disk0:', created_by: 'x' },
      ],
      rpc: inventoryMessages.upsertRepositories,
    },
    {
      path: 'custom_command_profiles',
      list: 'custom_command_profile_list',
      body: { profile_name: 'P', command_list: 'show version | include a,b' },
      stored: { name: 'P', commands: ['show version | include a,b'] },
      answer: { status: 'SUCCESS', profile_name: 'P' },
      rows: [{ profile_name: 'P', command_list: ['show version'], created_by: 'root' }],
      rpc: inventoryMessages.upsertProfiles,
    },
  ]
  for (const { path, list, body, stored, answer, rows, rpc } of kinds) {
    const key = Object.keys(body)[0] ?? ''
    const name = Object.values(body)[0]
    const posted = await ask('POST', `/api/v1/${path}`, { body })
    t.equal(posted.status, 200)
    t.same(posted.json, { api_response: { [list]: [answer] } }, path)
    t.same(askedFor(rpc)[0]?.payload, { rows: [stored] })
    const twice = await ask('POST', `/api/v1/${path}`, { body: [body, body, {}] })
    t.equal(twice.status, 207)
    t.same(messages(twice), [
      undefined,
      `More than one entry with the same ${key}: '${name}'.`,
      `Missing JSON key: '${key}'.`,
    ])
    t.same((await ask('GET', `/api/v1/${path}`)).json, { api_response: { [list]: rows } })
    const deleted = await ask('DELETE', `/api/v1/${path}/${encodeURIComponent(String(name))}/delete`)
    t.same(deleted.json, { api_response: { status: 'SUCCESS', [key]: name } })
  }
  const unknown = await ask('GET', '/api/v1/custom_command_profiles?profile_name=Q')
  failed(unknown, 400, "Custom command profile 'Q' does not exist in the database.")
})
