import { createError, serverTypes } from '@slipway/contracts'
import fc from 'fast-check'
import t from 'tap'
import { checkServerAddress, isAddress, parsePort } from '../src/address.ts'
import { decideProfile } from '../src/command-profiles/command-profile.ts'
import { decideHost, type Host } from '../src/hosts/host.ts'
import { toJsonParameter } from '../src/recordset.ts'
import { planPortions, planRows } from '../src/row-plan.ts'
import { decideRepository, type ServerRepository } from '../src/server-repositories/server-repository.ts'

const errorOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

t.test('addresses are IPv4, IPv6 or DNS names', async (t) => {
  for (const good of [
    '10.0.0.1',
    '2001:db8::1',
    '::1',
    'r1',
    'r1.lab_2.example.net',
    'r1.example.net.',
    '1r.a',
  ]) {
    t.ok(isAddress(good), good)
  }
  for (const bad of [
    ...['', ' ', '10.0.0.256', '10.0.0', '1', '-a', 'a-', 'a..b', 'a b', 'a\n', 'fe80::1%eth0', '1:2:3'],
    ...['１０.0.0.1', 'röuter', 'a;b', 'a|b', '$(x)', 'a/b', `${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}ab`],
  ]) {
    t.notOk(isAddress(bad), bad)
  }
  fc.assert(fc.property(fc.ipV4(), isAddress))
  fc.assert(fc.property(fc.ipV6(), isAddress))
  fc.assert(fc.property(fc.domain(), isAddress))
})

t.test('ports are decimal numbers from 1 to 65535', async (t) => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 65_535 }), (port) => parsePort(String(port)) === port))
  for (const bad of ['', '0', '65536', '-1', '+22', '2 2', '0x16', '1e3', '22.0', '２２', '99999999999']) {
    t.throws(() => parsePort(bad), { code: 'INVENTORY_PORT_INVALID' }, bad)
  }
})

t.test('a server address may carry a port', async (t) => {
  for (const good of [
    '1.2.3.4',
    '1.2.3.4:2222',
    'ftp.lab',
    'ftp.lab:21',
    '2001:db8::1',
    '[2001:db8::1]',
    '[::1]:22',
  ]) {
    t.equal(checkServerAddress(good), good)
  }
  for (const bad of [
    '1.2.3.4:',
    '1.2.3.4:0',
    ':22',
    '[1.2.3.4]:22',
    '[::1]x',
    '[::1]:',
    'a b',
    'ftp://x',
    'x/y',
  ]) {
    t.match(
      errorOf(() => checkServerAddress(bad)),
      /is not an? /,
      bad,
    )
  }
})

const repositoryDeps = (existing: ServerRepository[] = []) => ({
  existing: new Map(existing.map((row) => [row.name, row])),
  seal: (row: string, field: string, secret: string) => `${row}/${field}/${secret}`,
  newId: () => 'new-id',
  createdBy: 'alice',
})

t.test('each type of server repository has its own keys', async (t) => {
  const decide = (input: object) => errorOf(() => decideRepository({ name: 'S', ...input }, repositoryDeps()))
  const onServer = { serverAddress: '1.2.3.4', homeDirectory: '/images' }
  t.equal(decide({}), "Missing JSON key: 'server_type'.")
  t.equal(
    decide({ serverType: 'sftp' }),
    `'sftp' is an invalid server_type. It must be one of ${serverTypes.join(', ')}.`,
  )
  t.equal(decide({ serverType: 'TFTP' }), "Missing JSON key: 'tftp_server_path'.")
  t.equal(
    decide({ serverType: 'TFTP', tftpServerPath: 'tftp://1.2.3.4/x' }),
    "Missing JSON key: 'file_directory'.",
  )
  t.equal(
    decide({ serverType: 'TFTP', tftpServerPath: 'tftp://1.2.3.4/x', fileDirectory: '/t', vrf: 'Mgmt' }),
    'none',
  )
  for (const serverType of ['FTP', 'SFTP', 'SCP', 'HTTP', 'HTTPS']) {
    t.equal(decide({ serverType }), "Missing JSON key: 'server_address'.")
    t.equal(
      decide({ serverType, serverAddress: 'x', homeDirectory: '' }),
      "Missing JSON key: 'home_directory'.",
    )
  }
  for (const serverType of ['FTP', 'SFTP', 'HTTP', 'HTTPS']) {
    t.equal(decide({ serverType, ...onServer, username: 'u', password: 'p' }), 'none')
  }
  t.equal(decide({ serverType: 'FTP', ...onServer, vrf: 'Mgmt' }), 'none')
  t.equal(decide({ serverType: 'SFTP', ...onServer, vrf: 'Mgmt' }), "The following key, 'vrf', is invalid.")
  t.equal(decide({ serverType: 'SCP', ...onServer }), "Missing JSON key: 'destination_on_host'.")
  t.equal(decide({ serverType: 'SCP', ...onServer, destinationOnHost: 'disk0:' }), 'none')
  t.equal(decide({ serverType: 'LOCAL', devicePath: 'harddisk:/images' }), 'none')
  t.equal(
    decide({ serverType: 'LOCAL', devicePath: 'disk0:', ...onServer }),
    "The following keys, 'server_address','home_directory', are invalid.",
  )
  t.match(decide({ serverType: 'SFTP', ...onServer, serverAddress: '1.2.3.4:99999' }), /not a port number/)
  t.match(
    decide({ serverType: 'SFTP', ...onServer, homeDirectory: '/x ; reload' }),
    /'home_directory' is invalid/,
  )
  t.match(decide({ serverType: 'LOCAL', devicePath: 'disk0: | file x' }), /'device_path' is invalid/)
  t.match(decide({ serverType: 'FTP', ...onServer, vrf: 'a b' }), /'vrf' is invalid/)
})

t.test('an updated repository keeps its password and drops what its new type does not have', async (t) => {
  const first = decideRepository(
    { name: 'S', serverType: 'FTP', serverAddress: 'x', homeDirectory: '/a', vrf: 'V', password: 'p' },
    repositoryDeps(),
  )
  t.equal(first.sealedPassword, 'new-id/password/p')
  const update = { name: 'S', serverAddress: 'y', homeDirectory: '/b' }
  const same = decideRepository(update, repositoryDeps([first]))
  t.match(same, {
    id: 'new-id',
    serverType: 'FTP',
    serverAddress: 'y',
    vrf: 'V',
    sealedPassword: 'new-id/password/p',
  })
  const other = decideRepository({ ...update, serverType: 'SFTP' }, repositoryDeps([first]))
  t.match(other, { serverType: 'SFTP', vrf: '', sealedPassword: 'new-id/password/p' })
  const local = decideRepository(
    { name: 'S', serverType: 'LOCAL', devicePath: 'disk0:' },
    repositoryDeps([first]),
  )
  t.match(local, { serverAddress: '', homeDirectory: '', username: '' })
  t.equal(local.sealedPassword, undefined)
  t.equal(
    errorOf(() => decideRepository({ name: 'S' }, repositoryDeps([first]))),
    "Missing JSON key: 'server_address'.",
  )
})

t.test('commands of a profile are lines of at most 500 characters', async (t) => {
  const decide = (commands?: string[]) =>
    decideProfile({ name: 'P', ...(commands && { commands }) }, repositoryDeps() as never).commands
  t.same(decide([' show version ', '', 'show route, summary']), ['show version', 'show route, summary'])
  t.throws(() => decide(), { code: 'ROW_KEY_MISSING' })
  t.throws(() => decide([' ']), { code: 'ROW_KEY_MISSING' })
  t.throws(() => decide(['a\nb']), { code: 'ROW_CONTROL_CHARACTERS' })
  t.throws(() => decide(['x'.repeat(501)]), { code: 'ROW_TOO_LONG' })
  t.equal(decide(['x'.repeat(500)]).length, 1)
})

t.test('a host that is not changed is not stored', async (t) => {
  const around = {
    hosts: new Map<string, Host>(),
    deleting: new Set(['Gone']),
    regions: new Map([['Lab', 'region-1']]),
    jumpHosts: new Map<string, string>(),
  }
  const deps = { around, seal: () => 'sealed', newId: () => 'id-1', createdBy: 'alice' }
  const input = { hostname: 'R1', region: 'Lab', connectionType: 'ssh', addresses: ['a', 'b'], ports: ['22'] }
  const created = decideHost(input, deps)
  t.match(created, { kind: 'create', discover: true, host: { version: 1, ports: [22] } })
  around.hosts.set('R1', created.host)
  t.match(decideHost(input, deps), { kind: 'none', discover: false, host: { version: 1 } })
  const update = decideHost({ hostname: 'R1', addresses: ['b', 'a'] }, deps)
  t.match(update, { kind: 'update', discover: true, host: { version: 2, addresses: ['b', 'a'] } })
  t.throws(() => decideHost({ ...input, hostname: 'Gone' }, deps), { code: 'INVENTORY_HOST_DELETING' })
  t.throws(() => decideHost({ hostname: '' }, deps), { code: 'INVENTORY_HOSTNAME_INVALID' })
  t.throws(() => decideHost({ hostname: 'R2', addresses: [] }, deps), { code: 'ROW_KEY_MISSING' })
  t.throws(() => decideHost({ hostname: 'R1', addresses: [] }, deps), { code: 'ROW_KEY_MISSING' })
})

t.test('an error that is not of the catalogue fails the whole request', async (t) => {
  const rules = {
    nameOf: (name: string) => name,
    duplicate: () => Object.assign(new Error(), { code: 'ROW_DUPLICATE' }) as never,
    decide: () => {
      throw new TypeError('a defect')
    },
  }
  await t.rejects(planRows(['a'], rules), /a defect/)
})

t.test(
  'rows are judged as they are asked for, by name if that is wanted, and answered in request order',
  async (t) => {
    const names = Array.from({ length: 1_200 }, (_, index) => `h${1_199 - index}`)
    const judged: string[] = []
    const rules = {
      nameOf: (name: string) => name,
      duplicate: (name: string) => createError('INVENTORY_HOST_DUPLICATE', [name]),
      decide: (name: string) => {
        judged.push(name)
        if (name === 'h7') throw createError('INVENTORY_HOSTNAME_INVALID', [name])
        return name
      },
    }
    const { results, portions } = planPortions([...names, 'h5', 'h7'], rules, true)
    t.same(judged, [], 'none before it is asked for')
    const sizes: number[] = []
    const accepted: string[] = []
    let turns = 0
    let counting = setImmediate(function count() {
      turns += 1
      counting = setImmediate(count)
    })
    for await (const portion of portions) {
      sizes.push(judged.length)
      accepted.push(...portion)
    }
    clearImmediate(counting)
    t.same(sizes, [500, 1_000, 1_200], 'a portion at a time')
    t.ok(turns >= 2, 'between portions others have their turn')
    t.same(judged, [...names].sort())
    t.same(
      accepted,
      judged.filter((name) => name !== 'h7'),
    )
    t.same(
      results.map(({ key }) => key),
      [...names, 'h5', 'h7'],
    )
    const failed = results.flatMap(({ key, error }) => (error === undefined ? [] : [[key, error.code]]))
    t.same(failed, [
      ['h7', 'INVENTORY_HOSTNAME_INVALID'],
      ['h5', 'INVENTORY_HOST_DUPLICATE'],
      ['h7', 'INVENTORY_HOST_DUPLICATE'],
    ])
  },
)

t.test('whatever text there is, its JSON holds nothing that PostgreSQL refuses', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = toJsonParameter([{ text }])
      const [row] = JSON.parse(json) as { text: string }[]
      return (
        !/\\u0000|\\ud[89a-f]/i.test(json.replaceAll('\\\\', '')) &&
        row?.text === text.replaceAll('\0', '\ufffd')
      )
    }),
  )
  t.match(toJsonParameter([{ text: 'a\udc00\0' }]), 'a\ufffd\ufffd')
})
