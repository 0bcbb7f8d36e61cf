import { inventoryMessages } from '@slipway/contracts'
import t from 'tap'
import { addHosts, build, hostInput, opensAt, type Running } from './support.ts'

const messages = (rows: { error?: { message: string } | undefined }[]) =>
  rows.map(({ error }) => error?.message ?? 'SUCCESS')

const sftp = (name: string, changes = {}) => ({
  name,
  serverType: 'SFTP',
  serverAddress: '10.1.1.1:2222',
  homeDirectory: '/images',
  ...changes,
})

const tables = async (running: Running) =>
  JSON.stringify(
    await Promise.all(
      ['jump_host', 'server_repository', 'command_profile', 'region'].map((name) =>
        running.sql(`SELECT * FROM ${name}`),
      ),
    ),
  )

t.test('server repositories are stored by type, updated in place and listed without password', async (t) => {
  const running = await build(t)
  const first = await running.ask(inventoryMessages.upsertRepositories, {
    rows: [
      sftp('B', { username: 'u', password: 'Sftp-Pa$$' }),
      {
        name: 'T',
        serverType: 'TFTP',
        tftpServerPath: 'tftp://10.1.1.1/t',
        fileDirectory: '/t',
        vrf: 'Mgmt',
      },
      { name: 'X', serverType: 'XFTP' },
      sftp('B'),
      { name: 'L', serverType: 'LOCAL', devicePath: 'disk0:', vrf: 'Mgmt' },
    ],
  })
  t.same(messages(first.rows), [
    'SUCCESS',
    'SUCCESS',
    "'XFTP' is an invalid server_type. It must be one of TFTP, FTP, SFTP, SCP, LOCAL, HTTP, HTTPS.",
    "More than one entry with the same hostname: 'B'.",
    "The following key, 'vrf', is invalid.",
  ])
  t.same(
    first.rows.map(({ serverType }) => serverType),
    ['SFTP', 'TFTP', undefined, undefined, undefined],
  )
  const update = await running.ask(inventoryMessages.upsertRepositories, {
    rows: [{ name: 'B', serverAddress: 'sftp.lab', homeDirectory: '/new' }],
  })
  t.same(update.rows, [{ key: 'B', serverType: 'SFTP' }])
  const { rows } = await running.ask(inventoryMessages.listRepositories, {})
  t.match(rows, [
    {
      name: 'B',
      serverType: 'SFTP',
      serverAddress: 'sftp.lab',
      homeDirectory: '/new',
      username: 'u',
      createdBy: 'alice',
    },
    { name: 'T', serverType: 'TFTP', vrf: 'Mgmt', serverAddress: '' },
  ])
  t.notMatch(JSON.stringify(rows), /assword/)
  t.notMatch(await tables(running), /Sftp-Pa/)
  const [{ id = '', sealed_password = '' } = {}] = await running.sql<{ id: string; sealed_password: string }>(
    "SELECT id, sealed_password FROM server_repository WHERE name = 'B'",
  )
  const place = { table: 'server_repository', row: id, field: 'password' }
  t.ok(opensAt(sealed_password, place))
  await t.rejects(running.ask(inventoryMessages.listRepositories, { name: 'b' }), {
    code: 'INVENTORY_REPOSITORY_NOT_FOUND',
    message: "Server repository 'b' does not exist in the database.",
  })
})

t.test('a repository in use by regions or jobs cannot be deleted', async (t) => {
  const running = await build(t)
  await running.ask(inventoryMessages.upsertRepositories, { rows: [sftp('A'), sftp('B')] })
  await running.ask(inventoryMessages.upsertRegions, { rows: [{ name: 'Lab', serverRepositories: ['A'] }] })
  const remove = (name: string) => running.ask(inventoryMessages.deleteRepository, { name })
  await t.rejects(remove('A'), {
    code: 'INVENTORY_IN_USE',
    message: "Unable to delete server repository 'A'. Verify that it is not used by other regions.",
  })
  running.scheduler.jobs = 2
  await t.rejects(remove('B'), {
    message: "Unable to delete server repository 'B'. Verify that it is not used by other jobs.",
  })
  running.scheduler.jobs = 0
  await remove('B')
  await t.rejects(remove('B'), { code: 'INVENTORY_REPOSITORY_NOT_FOUND' })
  await running.ask(inventoryMessages.upsertRegions, { rows: [{ name: 'Lab', serverRepositories: [] }] })
  await remove('A')
})

t.test('regions name their repositories in order; absent keeps, empty clears', async (t) => {
  const running = await build(t)
  await running.ask(inventoryMessages.upsertRepositories, { rows: [sftp('A'), sftp('B'), sftp('C')] })
  const upsert = async (...rows: { name: string; serverRepositories?: string[] }[]) =>
    messages((await running.ask(inventoryMessages.upsertRegions, { rows })).rows)
  t.same(
    await upsert(
      { name: 'one', serverRepositories: ['C', 'A', 'C'] },
      { name: 'two', serverRepositories: ['A', 'nope'] },
      { name: 'one' },
      { name: 'Three' },
    ),
    [
      'SUCCESS',
      "Server repository 'nope' does not exist in the database.",
      "More than one entry with the same region_name: 'one'.",
      'SUCCESS',
    ],
  )
  const list = async (name?: string) =>
    (await running.ask(inventoryMessages.listRegions, name === undefined ? {} : { name })).rows
  t.same(await list(), [
    { name: 'Three', serverRepositories: [], createdBy: 'alice' },
    { name: 'one', serverRepositories: ['C', 'A'], createdBy: 'alice' },
  ])
  await upsert({ name: 'one' })
  t.match(await list('one'), [{ serverRepositories: ['C', 'A'] }])
  await upsert({ name: 'one', serverRepositories: ['B'] })
  t.match(await list('one'), [{ serverRepositories: ['B'] }])
  await upsert({ name: 'one', serverRepositories: [] })
  t.match(await list('one'), [{ serverRepositories: [] }])
  await t.rejects(list('two'), { message: "Region 'two' does not exist in the database." })
})

t.test('regions and jump hosts in use by hosts cannot be deleted', async (t) => {
  const running = await build(t)
  await running.ask(inventoryMessages.upsertJumpHosts, {
    rows: [{ name: 'J', connectionType: 'telnet', address: '10.0.0.9' }],
  })
  await addHosts(running, [hostInput('R1', { jumpHost: 'J' })])
  await t.rejects(running.ask(inventoryMessages.deleteRegion, { name: 'Lab' }), {
    message: "Unable to delete region 'Lab'. Verify that it is not used by other hosts.",
  })
  await t.rejects(running.ask(inventoryMessages.deleteJumpHost, { name: 'J' }), {
    message: "Unable to delete jump host 'J'. Verify that it is not used by other hosts.",
  })
  await running.ask(inventoryMessages.deleteHost, { hostname: 'R1' })
  await running.ask(inventoryMessages.deleteRegion, { name: 'Lab' })
  await running.ask(inventoryMessages.deleteJumpHost, { name: 'J' })
  await t.rejects(running.ask(inventoryMessages.deleteRegion, { name: 'Lab' }), {
    code: 'INVENTORY_REGION_NOT_FOUND',
  })
  await t.rejects(running.ask(inventoryMessages.deleteJumpHost, { name: 'J' }), {
    message: "Jump host 'J' does not exist in the database.",
  })
})

t.test('jump hosts are checked, updated in place, and their password is sealed', async (t) => {
  const running = await build(t)
  const good = {
    name: 'J',
    connectionType: 'ssh',
    address: 'jump.lab',
    port: '2022',
    username: 'u',
    password: 'Jump-Pa$$',
  }
  const { rows } = await running.ask(inventoryMessages.upsertJumpHosts, {
    rows: [
      { name: 'A', address: 'x' },
      { name: 'B', connectionType: 'ssh' },
      { name: 'C', connectionType: 'rsh', address: 'x' },
      { name: 'D', connectionType: 'ssh', address: 'a b' },
      { name: 'E', connectionType: 'ssh', address: 'x', port: '22,23' },
      good,
    ],
  })
  t.same(messages(rows), [
    "Missing JSON key: 'connection_type'.",
    "Missing JSON key: 'host_or_ip'.",
    'Connection Type must be either telnet or ssh',
    "'a b' is not an IPv4 address, an IPv6 address or a DNS name.",
    "'22,23' is not a port number from 1 to 65535.",
    'SUCCESS',
  ])
  await running.ask(inventoryMessages.upsertJumpHosts, { rows: [{ name: 'J', port: null }] })
  const list = await running.ask(inventoryMessages.listJumpHosts, { name: 'J' })
  t.same(list.rows, [
    { name: 'J', connectionType: 'ssh', address: 'jump.lab', port: '', username: 'u', createdBy: 'alice' },
  ])
  t.notMatch(await tables(running), /Jump-Pa/)
  await addHosts(running, [hostInput('R1', { jumpHost: 'J' })])
  const { hosts } = await running.ask(inventoryMessages.resolveNames, {
    hostnames: ['R1', 'R1', 'nobody'],
    repositories: ['x'],
    profiles: [],
  })
  t.equal(hosts.length, 1)
  const target = await running.ask(inventoryMessages.resolveTarget, {
    hostId: hosts[0]?.id ?? '',
    commandProfiles: [],
  })
  const place = { table: 'jump_host', row: target.jumpHost?.id ?? '', field: 'password' }
  t.ok(opensAt(target.jumpHost?.sealedPassword, place))
})

t.test('profiles hold commands line by line and are in use by jobs', async (t) => {
  const running = await build(t)
  const { rows } = await running.ask(inventoryMessages.upsertProfiles, {
    rows: [
      { name: 'P', commands: ['show version', 'show route | include a,b'] },
      { name: 'Q' },
      { name: 'P', commands: ['x'] },
      { name: 'R', commands: ['a\r\nb'] },
    ],
  })
  t.same(messages(rows), [
    'SUCCESS',
    "Missing JSON key: 'command_list'.",
    "More than one entry with the same profile_name: 'P'.",
    "'command_list' must not contain control characters.",
  ])
  t.same((await running.ask(inventoryMessages.listProfiles, { name: 'P' })).rows, [
    { name: 'P', commands: ['show version', 'show route | include a,b'], createdBy: 'alice' },
  ])
  running.scheduler.jobs = 1
  await t.rejects(running.ask(inventoryMessages.deleteProfile, { name: 'P' }), {
    message: "Unable to delete custom command profile 'P'. Verify that it is not used by other jobs.",
  })
  running.scheduler.jobs = 0
  await running.ask(inventoryMessages.deleteProfile, { name: 'P' })
  await t.rejects(running.ask(inventoryMessages.deleteProfile, { name: 'P' }), {
    message: "Custom command profile 'P' does not exist in the database.",
  })
})

t.test('what a job refers to is resolved anew, and what vanished is named', async (t) => {
  const running = await build(t)
  await addHosts(running, [hostInput('R1', { ports: ['22', '2022'], username: 'lab' })])
  await running.ask(inventoryMessages.upsertRepositories, { rows: [sftp('A', { password: 'p' })] })
  await running.ask(inventoryMessages.upsertProfiles, { rows: [{ name: 'P', commands: ['show version'] }] })
  const names = await running.ask(inventoryMessages.resolveNames, {
    hostnames: ['R1'],
    repositories: ['A', 'B'],
    profiles: ['Q', 'P'],
  })
  t.same([names.repositories, names.profiles], [['A'], ['P']])
  const hostId = names.hosts[0]?.id ?? ''
  const target = await running.ask(inventoryMessages.resolveTarget, {
    hostId,
    serverRepository: 'A',
    commandProfiles: ['Q', 'P'],
  })
  t.match(target, {
    host: { id: hostId, hostname: 'R1', connectionType: 'ssh', ports: [22, 2022], username: 'lab' },
    repository: { name: 'A', serverType: 'SFTP', serverAddress: '10.1.1.1:2222' },
    profiles: [{ name: 'P', commands: ['show version'] }],
    missing: ["Custom command profile 'Q' does not exist in the database."],
  })
  t.ok(target.repository?.sealedPassword)
  t.equal(target.jumpHost, undefined)
  await running.ask(inventoryMessages.deleteRepository, { name: 'A' })
  const later = await running.ask(inventoryMessages.resolveTarget, {
    hostId,
    serverRepository: 'A',
    commandProfiles: [],
  })
  t.same(later.missing, ["Server repository 'A' does not exist in the database."])
  await running.ask(inventoryMessages.deleteHost, { hostname: 'R1' })
  await t.rejects(running.ask(inventoryMessages.resolveTarget, { hostId, commandProfiles: [] }), {
    code: 'INVENTORY_HOST_NOT_FOUND',
  })
})
