// Rows: every key of every endpoint that takes rows, with what it should not hold.
import fc from 'fast-check'
import type { Test } from 'tap'
import { nastyTexts, nastyValues } from './nasty-values.ts'
import { control, isRefusal, local, type NastyWorld, tell } from './nasty-world.ts'
import { ahead, listOf, plainHost, type Row } from './world.ts'

/** Rows that are good, to be spoilt in one place. */
export const spoiltRows: Record<
  string,
  {
    row: Row
    /** Keys that take any text but control characters. */
    free: string[]
  }
> = {
  '/hosts': {
    row: {
      hostname: 'R1',
      ...plainHost,
      roles: 'PE',
      username: 'u',
      password: 'p',
      enable_password: 'p',
      port_number: '22',
      jump_host: 'jump',
      location: 'l',
    },
    free: ['roles', 'username', 'password', 'enable_password', 'location'],
  },
  '/regions': { row: { region_name: 'SJ Labs', server_repositories: ['repository'] }, free: [] },
  '/jump_hosts': {
    row: {
      hostname: 'jump',
      connection_type: 'ssh',
      host_or_ip: '192.0.2.1',
      port_number: '22',
      username: 'u',
      password: 'p',
    },
    free: ['username', 'password'],
  },
  '/server_repositories': { row: local, free: [] },
  '/custom_command_profiles': {
    row: { profile_name: 'profile', command_list: ['show clock'] },
    free: ['command_list'],
  },
  // Nobody of this name, so that a row which is taken shows; every value is refused before it is looked up.
  '/users': {
    row: {
      username: 'nobody',
      password: 'a password of nobody',
      privilege: 'Viewer',
      fullname: 'n',
      email: 'e',
      active: true,
    },
    free: ['username', 'password', 'fullname', 'email'],
  },
  '/dispatch': {
    row: { scope: 'host', name: 'R1', paused: false, reason: 'r' },
    free: ['reason'],
  },
  '/install': {
    row: {
      hostname: 'R1',
      install_action: 'Add',
      server_repository: 'repository',
      server_directory: 'a',
      software_packages: 'a.pie',
      command_profile: 'profile',
      dependency: '',
      ...ahead(100),
    },
    // Looked up when the jobs are made: the dependency tests tell what becomes of others.
    free: ['dependency'],
  },
}
/** Keys that are true or false. */
const isFlag = (key: string) => key === 'active' || key === 'paused'
/** What tells rows of one request from each other, where a key of theirs can. */
function namedAt(path: string, key: string, index: number): Row {
  if (path === '/install') return {}
  return path === '/dispatch' ? { name: `n${index}` } : { [key]: `n${index}` }
}
/** Rows that all must fail, each for a fault of its own. @returns what was taken */
export async function notRefused({ post }: NastyWorld, path: string, sent: Row[]): Promise<string[]> {
  const answer = await post(path, sent)
  if (answer.status >= 500) return [tell(path, answer)]
  return listOf(answer).flatMap((row, index) => {
    const own =
      row['status'] === 'FAILED' && !/More than one|Not submitted/.test(String(row['status_message']))
    return own
      ? []
      : [
          JSON.stringify([sent[index], row['status_message']])
            .replace(/[^ -~]/g, '?')
            .slice(0, 400),
        ]
  })
}

export async function rowTexts(t: Test, world: NastyWorld): Promise<void> {
  const { unchanged } = world
  t.test('texts that a router would read as more than a name are refused in every key', async (t) => {
    for (const [path, { row, free }] of Object.entries(spoiltRows)) {
      for (const key of Object.keys(row)) {
        const texts = nastyTexts.filter(
          (text) => !free.includes(key) || control.test(text) || (text.length > 600 && key !== 'dependency'),
        )
        const isTaken = (value: unknown) =>
          (key === 'dependency' && Number.isInteger(value)) || (isFlag(key) && typeof value === 'boolean')
        const values = nastyValues.filter((value) => !isTaken(value))
        const all = [...texts.flatMap((text) => [text, [text], ` ${text}`]), ...values]
        const first = Object.keys(row)[0] ?? ''
        const named = (index: number) => namedAt(path, first, index)
        const sent = all.map((value, index) => ({ ...row, ...named(index), [key]: value }))
        t.same(await notRefused(world, path, sent), [], `${key} of ${path}`)
      }
    }
    await unchanged(t)
  })

  t.test('what routers are told of repositories holds nothing but names and paths', async (t) => {
    const types: Record<string, Row> = {
      TFTP: { tftp_server_path: 'tftp://192.0.2.1', file_directory: 'a', vrf: 'v' },
      FTP: { server_address: '192.0.2.1', home_directory: 'a', vrf: 'v' },
      SCP: { server_address: '192.0.2.1', home_directory: 'a', destination_on_host: 'disk0:' },
      LOCAL: { device_path: 'disk0:' },
    }
    const texts = [
      'a\nb',
      'a|b',
      'a;b',
      'a?',
      'a b',
      'a"b',
      'a\\b',
      '\u001b',
      'a`b',
      'a<b',
      'a$b',
      'a&b',
      '１',
      'ä',
    ]
    for (const [server_type, keys] of Object.entries(types)) {
      const sent = Object.keys(keys).flatMap((key) =>
        texts.map((text) => ({ server_type, ...keys, [key]: text })),
      )
      const named = sent.map((row, index) => ({ hostname: `odd ${index}`, ...row }))
      t.same(await notRefused(world, '/server_repositories', named), [], server_type)
    }
    await unchanged(t)
  })

  t.test('credentials of repositories of every type take no control characters', async (t) => {
    const server = { server_address: '192.0.2.1', home_directory: 'a', username: 'u', password: 'p' }
    const types: Record<string, Row> = {
      FTP: { ...server, vrf: 'v' },
      SFTP: server,
      SCP: { ...server, destination_on_host: 'disk0:' },
      HTTP: server,
      HTTPS: server,
    }
    const spoilt = [...nastyTexts.filter((text) => control.test(text) || text.length > 600), ...nastyValues]
    for (const [server_type, keys] of Object.entries(types)) {
      const sent = ['username', 'password'].flatMap((key) =>
        spoilt.map((value) => ({ server_type, ...keys, [key]: value })),
      )
      const named = sent.map((row, index) => ({ hostname: `odd ${index}`, ...row }))
      t.same(await notRefused(world, '/server_repositories', named), [], server_type)
    }
    await unchanged(t)
  })
}

export async function anyRows(t: Test, { post, unchanged }: NastyWorld): Promise<void> {
  t.test('rows of anything at all get an answer that is no 5xx', async (t) => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...nastyTexts))
    const value = fc.oneof({ weight: 3, arbitrary: text }, fc.jsonValue(), fc.constantFrom(...nastyValues))
    for (const [path, { row }] of Object.entries(spoiltRows)) {
      const keys = fc.constantFrom(...Object.keys(row), '__proto__', 'constructor')
      const changes = fc.array(fc.tuple(keys, value), { minLength: 1, maxLength: 4 })
      const property = fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 5 }), async (all) => {
        const body = all.map((each) => ({ ...row, no: 'such', ...Object.fromEntries(each) }))
        const answer = await post(path, body)
        if (!isRefusal(answer)) throw new Error(tell(path, answer))
        // Without the unknown key the values themselves are looked at.
        const bare = await post(
          path,
          body.map(({ no: _, ...rest }) => ({ ...rest, ...dead(path) })),
        )
        if (bare.status >= 500) throw new Error(tell(path, bare))
      })
      await fc.assert(property, { numRuns: 25 })
      t.pass(path)
    }
    await unchanged(t)
  })
}

/** What makes a row fail in the end, after all of its values were looked at. */
const dead = (path: string): Row =>
  ({
    '/hosts': { port_number: '0' },
    '/regions': { server_repositories: ['no-such'] },
    '/jump_hosts': { port_number: '0' },
    '/server_repositories': { device_path: 'a|b' },
    '/custom_command_profiles': { command_list: ['a\nb'] },
    '/users': { privilege: 'nothing' },
    '/dispatch': { paused: 'never' },
    '/install': { scheduled_time: 'never' },
  })[path] ?? {}
