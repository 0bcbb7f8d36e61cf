// REST contract, section 4: what hosts and jobs refer to.
import type { Test } from 'tap'
import { ahead, listOf, pick, plainHost, type Row, refused, rowRefused, type World } from './world.ts'

interface Kind {
  path: string
  /** First key. */
  key: string
  list: string
  /** As messages name it. */
  kind: string
  /** All keys of a good row but the first, as sent. */
  row: Row
  /** What GET shows of it. */
  shown: Row
  /** Keys that are needed on create, in order. */
  needed: string[]
  /** Answer rows also have these. */
  answer?: Row
}

const kinds: Kind[] = [
  {
    path: '/regions',
    key: 'region_name',
    list: 'region_list',
    kind: 'Region',
    row: { server_repositories: [] },
    shown: { server_repositories: [] },
    needed: [],
  },
  {
    path: '/jump_hosts',
    key: 'hostname',
    list: 'jump_host_list',
    kind: 'Jump host',
    row: {
      connection_type: 'ssh',
      host_or_ip: '192.0.2.4',
      port_number: '2022',
      username: 'u',
      password: 'a-secret',
    },
    shown: { connection_type: 'ssh', host_or_ip: '192.0.2.4', port_number: '2022', username: 'u' },
    needed: ['connection_type', 'host_or_ip'],
  },
  {
    path: '/server_repositories',
    key: 'hostname',
    list: 'server_repository_list',
    kind: 'Server repository',
    row: {
      server_type: 'SFTP',
      server_address: '192.0.2.5:2222',
      home_directory: '/images',
      username: 'u',
      password: 'a-secret',
    },
    shown: {
      server_type: 'SFTP',
      server_address: '192.0.2.5:2222',
      home_directory: '/images',
      username: 'u',
    },
    needed: ['server_type', 'server_address', 'home_directory'],
    answer: { server_type: 'SFTP' },
  },
  {
    path: '/custom_command_profiles',
    key: 'profile_name',
    list: 'custom_command_profile_list',
    kind: 'Custom command profile',
    row: { command_list: ['show version', 'show route | include 0.0.0.0, 10'] },
    shown: { command_list: ['show version', 'show route | include 0.0.0.0, 10'] },
    needed: ['command_list'],
  },
]

export async function namedThings(t: Test, { get, post, remove, rows }: World): Promise<void> {
  for (const { path, key, list, kind, row, shown, needed, answer } of kinds) {
    const name = 'named thing'
    const named = `${path}?${key}=${encodeURIComponent(name)}`
    t.test(`POST ${path} answers the first key and the status of each row`, async (t) => {
      const { status, body } = await post(path, { [key]: name, ...row })
      t.equal(status, 200)
      t.same(body, { api_response: { [list]: [{ status: 'SUCCESS', [key]: name, ...answer }] } })
    })
    t.test(
      `GET ${path} lists all, or the named one, with all keys but passwords, and created_by`,
      async (t) => {
        const expected = { [key]: name, ...shown, created_by: 'root' }
        const one = await get(named)
        t.same(one.body, { api_response: { [list]: [expected] } })
        const all = await rows('GET', path)
        t.ok(all.length >= 1)
        t.same(
          all.filter((each) => each[key] === name),
          [expected],
        )
        t.notMatch((await get(path)).text, /a-secret|assword/)
      },
    )
    t.test(`POST ${path} changes an existing row, absent keys keep their value`, async (t) => {
      const always = path === '/server_repositories' ? row : {}
      t.equal((await post(path, { [key]: name, ...always })).status, 200)
      t.match(await rows('GET', named), [shown])
    })
    t.test(`POST ${path} needs its keys on create`, async (t) => {
      rowRefused(t, await post(path, row), `Missing JSON key: '${key}'.`)
      rowRefused(t, await post(path, { ...row, [key]: ' ' }), `Missing JSON key: '${key}'.`)
      for (const each of needed) {
        const { [each]: _, ...rest } = row
        rowRefused(t, await post(path, { [key]: 'new thing', ...rest }), `Missing JSON key: '${each}'.`)
        const empty = await post(path, { [key]: 'new thing', ...row, [each]: '' })
        rowRefused(t, empty, `Missing JSON key: '${each}'.`)
      }
      refused(
        t,
        await get(`${path}?${key}=new thing`),
        400,
        `${kind} 'new thing' does not exist in the database.`,
      )
    })
    t.test(`POST ${path}: the same name twice in a request fails the later row`, async (t) => {
      const twice = await post(path, [
        { [key]: name, ...row },
        { [key]: name, ...row },
      ])
      t.equal(twice.status, 207)
      t.equal(listOf(twice)[1]?.['status_message'], `More than one entry with the same ${key}: '${name}'.`)
    })
    t.test(`DELETE ${path}/<name>/delete answers status and name; an unknown name is 400`, async (t) => {
      const removed = await remove(`${path}/${encodeURIComponent(name)}/delete`)
      t.equal(removed.status, 200)
      t.same(removed.body, { api_response: { status: 'SUCCESS', [key]: name } })
      const message = `${kind} '${name}' does not exist in the database.`
      refused(t, await remove(`${path}/${encodeURIComponent(name)}/delete`), 400, message)
      refused(t, await get(named), 400, message)
    })
  }
}

const onServer = { server_address: '192.0.2.6', home_directory: '/images' }
const login = { username: 'u', password: 'a-secret' }
const types: Record<string, { needed: Row; optional: Row }> = {
  TFTP: {
    needed: { tftp_server_path: 'tftp://192.0.2.6', file_directory: '/tftpboot' },
    optional: { vrf: 'mgmt' },
  },
  FTP: { needed: onServer, optional: { vrf: 'mgmt', ...login } },
  SFTP: { needed: onServer, optional: login },
  SCP: { needed: { ...onServer, destination_on_host: 'harddisk:' }, optional: login },
  LOCAL: { needed: { device_path: 'harddisk:/images' }, optional: {} },
  HTTP: { needed: onServer, optional: login },
  HTTPS: { needed: onServer, optional: login },
}
const allKeys = [
  ...new Set(Object.values(types).flatMap(({ needed, optional }) => Object.keys({ ...needed, ...optional }))),
]

export async function repositories(t: Test, { post, rows }: World): Promise<void> {
  const path = '/server_repositories'
  for (const [server_type, { needed, optional }] of Object.entries(types)) {
    const row = { hostname: `of ${server_type}`, server_type, ...needed, ...optional }
    t.test(`a repository of type ${server_type} has its own keys, some needed on update too`, async (t) => {
      t.same(await rows('POST', path, row), [{ status: 'SUCCESS', hostname: row.hostname, server_type }])
      const { password: _, ...shown } = { ...row, created_by: 'root' } as Row
      t.same(await rows('GET', `${path}?hostname=of%20${server_type}`), [shown])
      t.equal((await post(path, { hostname: row.hostname, server_type, ...needed })).status, 200)
      for (const key of Object.keys(needed)) {
        const { [key]: _, ...rest } = row as Row
        rowRefused(t, await post(path, rest), `Missing JSON key: '${key}'.`)
      }
      const foreign = allKeys.filter((key) => !(key in needed) && !(key in optional))
      for (const key of foreign) {
        rowRefused(t, await post(path, { ...row, [key]: 'x' }), `The following key, '${key}', is invalid.`)
      }
    })
  }
  t.test('the type of a repository is one of the known ones', async (t) => {
    for (const server_type of ['sftp', 'NFS', 'SFTP ']) {
      rowRefused(t, await post(path, { hostname: 'odd type', server_type, ...onServer }), /server_type/)
    }
  })
  t.test('server_address may be host:port', async (t) => {
    const ftp = { hostname: 'addresses', server_type: 'FTP', home_directory: '/' }
    for (const server_address of [
      '192.0.2.1:21',
      'ftp.example.com:2121',
      '2001:db8::1',
      '[2001:db8::1]:21',
      'ftp',
    ]) {
      t.equal((await post(path, { ...ftp, server_address })).status, 200, server_address)
    }
    for (const server_address of [
      '192.0.2.1:',
      '192.0.2.1:0',
      'x:65536',
      'a b',
      'x;y',
      '[::1',
      'ftp://x',
      'u@x',
    ]) {
      rowRefused(t, await post(path, { ...ftp, server_address }), /not an IPv4 address|not a port/)
    }
  })
}

export async function references(t: Test, world: World): Promise<void> {
  const { get, post, remove, rows, host, lab } = world
  const inUse = (kind: string, name: string, by: string) =>
    `Unable to delete ${kind} '${name}'. Verify that it is not used by other ${by}.`
  t.test('a region names repositories that exist; [] clears them', async (t) => {
    const repository = lab.repository.row.hostname
    await rows('POST', '/regions', { region_name: 'with one', server_repositories: [repository, repository] })
    const shown = async () => (await rows('GET', '/regions?region_name=with one'))[0]?.['server_repositories']
    t.same(await shown(), [repository])
    await rows('POST', '/regions', { region_name: 'with one' })
    t.same(await shown(), [repository], 'absent keeps')
    await rows('POST', '/regions', { region_name: 'with one', server_repositories: [] })
    t.same(await shown(), [])
    await rows('POST', '/regions', { region_name: 'with one', server_repositories: ` ${repository} ,` })
    t.same(await shown(), [repository], 'text with commas')
    const unknown = await post('/regions', { region_name: 'with one', server_repositories: ['nothing'] })
    rowRefused(t, unknown, "Server repository 'nothing' does not exist in the database.")
    t.same(await shown(), [repository])
  })
  t.test('a region with hosts is in use', async (t) => {
    await post('/regions', { region_name: 'used' })
    await host('user of region', { region: 'used' })
    refused(t, await remove('/regions/used/delete'), 400, inUse('region', 'used', 'hosts'))
    await remove('/hosts/user of region/delete')
    t.equal((await remove('/regions/used/delete')).status, 200)
  })
  t.test('a jump host with hosts is in use', async (t) => {
    const jump = { hostname: 'used', connection_type: 'telnet', host_or_ip: 'jump.example.com' }
    await post('/jump_hosts', jump)
    await host('user of jump', { jump_host: 'used' })
    t.match(await rows('GET', '/hosts?hostname=user of jump'), [{ jump_host: 'used' }])
    refused(t, await remove('/jump_hosts/used/delete'), 400, inUse('jump host', 'used', 'hosts'))
    await remove('/hosts/user of jump/delete')
    t.equal((await remove('/jump_hosts/used/delete')).status, 200)
  })
  t.test('jump hosts are checked as hosts are', async (t) => {
    const jump = { hostname: 'checked', connection_type: 'ssh', host_or_ip: '192.0.2.1' }
    const message = 'Connection Type must be either telnet or ssh'
    rowRefused(t, await post('/jump_hosts', { ...jump, connection_type: 'x' }), message)
    rowRefused(t, await post('/jump_hosts', { ...jump, host_or_ip: 'a b' }), /not an IPv4 address/)
    rowRefused(t, await post('/jump_hosts', { ...jump, port_number: '65536' }), /not a port number/)
    t.equal((await post('/jump_hosts', { ...jump, port_number: 22 })).status, 200)
    t.match(await rows('GET', '/jump_hosts?hostname=checked'), [{ port_number: '22' }])
  })
  t.test('a repository is in use by regions and by scheduled Add jobs', async (t) => {
    const local = { hostname: 'used', server_type: 'LOCAL', device_path: 'harddisk:' }
    await rows('POST', '/server_repositories', local)
    await rows('POST', '/regions', { region_name: 'user', server_repositories: ['used'] })
    const path = '/server_repositories/used/delete'
    refused(t, await remove(path), 400, inUse('server repository', 'used', 'regions'))
    await remove('/regions/user/delete')
    await host('user of repository')
    const [job] = await rows('POST', '/install', {
      hostname: 'user of repository',
      install_action: 'Add',
      server_repository: 'used',
      software_packages: 'a-1.0.0.pie',
      ...ahead(20),
    })
    refused(t, await remove(path), 400, inUse('server repository', 'used', 'jobs'))
    await rows('DELETE', `/install/delete?id=${job?.['id']}`)
    t.equal((await remove(path)).status, 200)
  })
  t.test('an Add may use any repository, not only those of the region', async (t) => {
    await rows('POST', '/server_repositories', {
      hostname: 'far',
      server_type: 'LOCAL',
      device_path: 'disk0:',
    })
    await host('anywhere')
    const add = { hostname: 'anywhere', install_action: 'Add', server_repository: 'far' }
    const answer = await post('/install', { ...add, software_packages: 'a.pie', ...ahead(20) })
    t.equal(answer.status, 200)
    await rows('DELETE', '/install/delete?hostname=anywhere')
  })
  t.test('a command profile is in use by scheduled jobs', async (t) => {
    await rows('POST', '/custom_command_profiles', { profile_name: 'used', command_list: 'show clock' })
    await host('user of profile')
    const row = { hostname: 'user of profile', install_action: 'Pre-Upgrade', command_profile: 'used' }
    const [job] = await rows('POST', '/install', { ...row, ...ahead(20) })
    const message = inUse('custom command profile', 'used', 'jobs')
    refused(t, await remove('/custom_command_profiles/used/delete'), 400, message)
    await rows('DELETE', `/install/delete?id=${job?.['id']}`)
    t.equal((await remove('/custom_command_profiles/used/delete')).status, 200)
  })
  t.test('a command is one line; a string is one command, and commas survive', async (t) => {
    const shown = async () =>
      (await rows('GET', '/custom_command_profiles?profile_name=lines'))[0]?.['command_list']
    await rows('POST', '/custom_command_profiles', { profile_name: 'lines', command_list: 'show a, b' })
    t.same(await shown(), ['show a, b'])
    await rows('POST', '/custom_command_profiles', {
      profile_name: 'lines',
      command_list: ['show x', '', 'show y,z'],
    })
    t.same(await shown(), ['show x', 'show y,z'])
    const none = await post('/custom_command_profiles', { profile_name: 'lines', command_list: [] })
    rowRefused(t, none, "Missing JSON key: 'command_list'.")
    const help = await post('/custom_command_profiles', { profile_name: 'lines', command_list: ['show ?'] })
    rowRefused(t, help, "'command_list' is invalid: a ? would ask the router for help.")
    t.equal((await get('/custom_command_profiles')).status, 200)
    rowRefused(
      t,
      await post('/hosts', { hostname: 'x', ...plainHost, jump_host: 'lines' }),
      /^Jump host "lines"/,
    )
    t.ok(pick(await rows('GET', '/custom_command_profiles'), 'profile_name').length > 0)
  })
}
