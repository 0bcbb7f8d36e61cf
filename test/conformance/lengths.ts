// REST contract, section 1: lengths, in characters, of lists after joining with commas.
import type { Test } from 'tap'
import { plainHost, rowRefused, type World } from './world.ts'

const of = (length: number) => 'x'.repeat(length)
/** Joined with commas exactly so long. */
const listOf = (length: number) => `${of(length - 2)},y`

interface Limit {
  path: string
  key: string
  limit: number
  /** Keys that make a whole row, but for this one. */
  rest: object
  /** A value of so many characters that is good otherwise. */
  value?: (length: number) => unknown
  /** What stands for the first key where that is not the one looked at. */
  message?: RegExp
}

const sftp = { server_type: 'SFTP', server_address: '192.0.2.1', home_directory: '/images' }
const scp = { ...sftp, server_type: 'SCP', destination_on_host: 'disk0:' }
const tftp = { server_type: 'TFTP', tftp_server_path: 'tftp://192.0.2.1', file_directory: '/tftpboot' }
const jump = { hostname: 'lengths', connection_type: 'ssh', host_or_ip: '192.0.2.1' }
const host = { hostname: 'lengths', ...plainHost }
const repository = (row: object) => ({ hostname: 'lengths', ...row })
/** A DNS name of exactly so many characters. */
const dnsName = (length: number) => `${`${of(30)}.`.repeat(10)}`.slice(0, length - 1).concat('x')
const ports = (length: number) =>
  Array.from({ length: (length + 1) / 3 }, () => '22')
    .join(',')
    .concat('2'.repeat((length + 1) % 3))

const limits: Limit[] = [
  { path: '/hosts', key: 'hostname', limit: 50, rest: plainHost },
  { path: '/hosts', key: 'roles', limit: 100, rest: host, value: listOf },
  { path: '/hosts', key: 'ts_or_ip', limit: 100, rest: host, value: dnsName },
  { path: '/hosts', key: 'username', limit: 50, rest: host },
  { path: '/hosts', key: 'password', limit: 100, rest: host },
  { path: '/hosts', key: 'enable_password', limit: 100, rest: host },
  { path: '/hosts', key: 'port_number', limit: 100, rest: host, value: ports },
  { path: '/hosts', key: 'location', limit: 100, rest: host },
  { path: '/regions', key: 'region_name', limit: 100, rest: {} },
  { path: '/jump_hosts', key: 'hostname', limit: 100, rest: { ...jump, hostname: undefined } },
  { path: '/jump_hosts', key: 'host_or_ip', limit: 50, rest: jump, value: dnsName },
  { path: '/jump_hosts', key: 'username', limit: 50, rest: jump },
  { path: '/jump_hosts', key: 'password', limit: 100, rest: jump },
  { path: '/server_repositories', key: 'hostname', limit: 100, rest: sftp },
  { path: '/server_repositories', key: 'tftp_server_path', limit: 100, rest: repository(tftp) },
  { path: '/server_repositories', key: 'file_directory', limit: 100, rest: repository(tftp) },
  { path: '/server_repositories', key: 'vrf', limit: 100, rest: repository(tftp) },
  { path: '/server_repositories', key: 'server_address', limit: 100, rest: repository(sftp), value: dnsName },
  { path: '/server_repositories', key: 'home_directory', limit: 100, rest: repository(sftp) },
  { path: '/server_repositories', key: 'username', limit: 100, rest: repository(sftp) },
  { path: '/server_repositories', key: 'password', limit: 100, rest: repository(sftp) },
  { path: '/server_repositories', key: 'destination_on_host', limit: 100, rest: repository(scp) },
  {
    path: '/server_repositories',
    key: 'device_path',
    limit: 100,
    rest: repository({ server_type: 'LOCAL' }),
  },
  { path: '/custom_command_profiles', key: 'profile_name', limit: 100, rest: { command_list: ['show x'] } },
  {
    path: '/custom_command_profiles',
    key: 'command_list',
    limit: 500,
    rest: { profile_name: 'lengths' },
    value: (length) => [of(length)],
  },
]

export async function lengths(t: Test, { post, rows, remove }: World): Promise<void> {
  for (const { path, key, limit, rest, value = of } of limits) {
    t.test(`${key} of ${path} has at most ${limit} characters`, async (t) => {
      const answer = await post(path, { ...rest, [key]: value(limit) })
      t.equal(answer.status, 200, answer.text)
      const tooLong = await post(path, { ...rest, [key]: value(limit + 1) })
      rowRefused(t, tooLong, `'${key}' is too long: at most ${limit} characters.`)
    })
  }
  t.test('references are as long as the names they refer to', async (t) => {
    for (const [key, limit] of [
      ['region', 100],
      ['jump_host', 100],
    ] as const) {
      const unknown = await post('/hosts', { ...host, [key]: of(limit).toUpperCase() })
      rowRefused(t, unknown, /does not exist in the database\.$/)
      rowRefused(t, await post('/hosts', { ...host, [key]: of(limit + 1) }), /too long: at most 100/)
    }
    const port = await post('/jump_hosts', { ...jump, port_number: of(11) })
    rowRefused(t, port, "'port_number' is too long: at most 10 characters.")
  })
  t.test('characters are counted, not bytes or halves of them', async (t) => {
    const location = '😀'.repeat(100)
    await rows('POST', '/hosts', { ...host, location })
    const [row] = await rows('GET', '/hosts?hostname=lengths')
    t.equal(row?.['location'], location)
    rowRefused(t, await post('/hosts', { ...host, location: `${location}x` }), /too long/)
  })
  t.test('a list is as long as it is joined with commas', async (t) => {
    const items = Array.from({ length: 10 }, () => of(10))
    rowRefused(t, await post('/hosts', { ...host, roles: items }), /too long: at most 100/)
    t.equal((await post('/hosts', { ...host, roles: items.slice(1) })).status, 200)
    t.equal((await remove('/hosts/lengths/delete')).status, 200)
  })
}
