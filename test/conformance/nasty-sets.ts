// What every endpoint that takes rows must tell apart: addresses and ports that cannot be, the same row twice.
import type { Test } from 'tap'
import { notRefused, spoiltRows } from './nasty-rows.ts'
import { local, type NastyWorld, tell } from './nasty-world.ts'
import { ahead, listOf, plainHost, type Row } from './world.ts'

const addresses = [
  '10.0.0.256',
  '10.0.0',
  '10.0.0.1.1',
  '10.0.0.-1',
  '10.0.0.1/24',
  '::g',
  '1::2::3',
  '12345::1',
  '-router.example',
  'router-.example',
  'router..example',
  '\uff11\uff10.0.0.1',
  'http://10.0.0.1',
  'user@10.0.0.1',
  '10.0.0.1 reload',
  `${'x'.repeat(64)}.example`,
]
const portNumbers = [
  '0',
  '65536',
  '-1',
  '+22',
  '22.5',
  '1e3',
  '0x16',
  '\uff12\uff12',
  '22 22',
  '9'.repeat(10),
]

const jump = { connection_type: 'ssh', host_or_ip: '192.0.2.1' }
const ftp = { server_type: 'FTP', server_address: '192.0.2.1', home_directory: 'a' }

/** Rows without their name, and the key that is spoilt. */
const places: { path: string; row: Row; key: string; values: unknown[] }[] = [
  {
    path: '/hosts',
    row: plainHost,
    key: 'ts_or_ip',
    values: [...addresses, ...addresses.map((one) => [one])],
  },
  { path: '/hosts', row: plainHost, key: 'ts_or_ip', values: addresses.map((one) => `192.0.2.1,${one}`) },
  { path: '/hosts', row: plainHost, key: 'port_number', values: [...portNumbers, 0, 65_536, 22.5, -1] },
  { path: '/hosts', row: plainHost, key: 'port_number', values: portNumbers.map((one) => ['22', one]) },
  { path: '/jump_hosts', row: jump, key: 'host_or_ip', values: addresses },
  { path: '/jump_hosts', row: jump, key: 'port_number', values: [...portNumbers, 0, 65_536, 22.5, -1] },
  { path: '/server_repositories', row: ftp, key: 'server_address', values: addresses },
  {
    path: '/server_repositories',
    row: ftp,
    key: 'server_address',
    values: portNumbers.map((one) => `192.0.2.1:${one}`),
  },
]

export async function addressesAndPorts(t: Test, world: NastyWorld): Promise<void> {
  for (const { path, row, key, values } of places) {
    const sent = values.map((value, index) => ({ hostname: `odd ${index}`, ...row, [key]: value }))
    t.same(await notRefused(world, path, sent), [], `${key} of ${path}`)
  }
  await world.unchanged(t)
}

/** Keys that are lists, with an item of theirs. */
const lists: { path: string; row: Row; key: string; item: string }[] = [
  { path: '/hosts', row: plainHost, key: 'ts_or_ip', item: 'a' },
  { path: '/hosts', row: plainHost, key: 'roles', item: 'a' },
  { path: '/hosts', row: plainHost, key: 'port_number', item: '1' },
  { path: '/regions', row: {}, key: 'server_repositories', item: 'repository' },
  { path: '/custom_command_profiles', row: {}, key: 'command_list', item: 'show clock' },
  { path: '/install', row: spoiltRows['/install']?.row ?? {}, key: 'software_packages', item: 'a.pie' },
  { path: '/install', row: spoiltRows['/install']?.row ?? {}, key: 'command_profile', item: 'profile' },
]

export async function longLists(t: Test, { post, unchanged }: NastyWorld): Promise<void> {
  for (const { path, row, key, item } of lists) {
    const many = Array<string>(10_001).fill(item)
    // Commas inside a command are part of it.
    const forms = key === 'command_list' ? [many] : [many, many.join(','), ','.repeat(16_000_000)]
    for (const value of forms) {
      const named = { hostname: 'odd', region_name: 'odd', profile_name: 'odd' }
      const own = path === '/regions' ? 'region_name' : path === '/hosts' ? 'hostname' : 'profile_name'
      const identity = path === '/install' ? {} : { [own]: named[own] }
      const answer = await post(path, { ...identity, ...row, [key]: value })
      t.equal(answer.status, 400)
      const [one] = listOf(answer)
      t.equal(one?.['status_message'], `'${key}' is invalid: it may have at most 10000 items.`)
    }
  }
  await unchanged(t)
}

/** Rows that change nothing, and how their subject is written otherwise. */
const same: Record<string, { row: Row; again: Row; first: 'SUCCESS' | 'FAILED' }> = {
  '/hosts': { row: { hostname: 'R1' }, again: { hostname: ' R1 ' }, first: 'SUCCESS' },
  '/regions': { row: { region_name: 'SJ Labs' }, again: { region_name: 'SJ  Labs ' }, first: 'SUCCESS' },
  '/jump_hosts': { row: { hostname: 'jump' }, again: { hostname: 'jump ' }, first: 'SUCCESS' },
  '/server_repositories': { row: local, again: { ...local, hostname: ' repository' }, first: 'SUCCESS' },
  '/custom_command_profiles': {
    row: { profile_name: 'profile' },
    again: { profile_name: ' profile' },
    first: 'SUCCESS',
  },
  '/users': { row: { username: 'root' }, again: { username: 'ROOT' }, first: 'SUCCESS' },
  // Nobody of this name: what a switch says is changed by whoever says it again.
  '/dispatch': {
    row: { scope: 'host', name: 'no-such', paused: false },
    again: { scope: 'host', name: ' no-such ', paused: true },
    first: 'FAILED',
  },
  // One bad row, and none is submitted.
  '/install': {
    row: { hostname: 'R1', install_action: 'Commit', ...ahead(100) },
    again: { hostname: ' R1', install_action: 'Commit', ...ahead(101) },
    first: 'FAILED',
  },
}

export async function sameRowTwice(t: Test, { post, unchanged }: NastyWorld): Promise<void> {
  t.same(Object.keys(same).sort(), Object.keys(spoiltRows).sort(), 'all that take rows')
  for (const [path, { row, again, first }] of Object.entries(same)) {
    for (const second of [row, again]) {
      const answer = await post(path, [row, second])
      const [one, other, ...more] = listOf(answer)
      t.equal(one?.['status'], first, tell(path, answer))
      t.match(other, { status: 'FAILED', status_message: /^More than one entry with the same / })
      t.notMatch(one?.['status_message'], /^More than one/)
      t.same(more, [])
    }
  }
  await unchanged(t)
}
