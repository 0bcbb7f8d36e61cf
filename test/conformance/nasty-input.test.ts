// Whatever is sent: nothing answers 5xx, hangs, or changes what is stored. Every operation that the API's own
// description lists is tried.
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { findSocket, query } from '../harness/database.ts'
import { sendRaw } from '../harness/raw-http.ts'
import { openSlipway } from '../harness/shared.ts'
import { adminPassword } from '../harness/slipway.ts'
import {
  nastyBodies,
  nastyPaths,
  nastyQueries,
  nastyTexts,
  nastyValues,
  oddContentTypes,
} from './nasty-values.ts'
import { type Answer, ahead, basic, connectTo, listOf, plainHost, type Row } from './world.ts'

interface Described {
  paths: Record<
    string,
    Record<string, { parameters?: { in: string; name: string }[]; requestBody?: unknown }>
  >
}

const slipway = await openSlipway()
t.teardown(() => slipway.close())
const { ask, get, post, rows, host } = connectTo(slipway.url)
const { body: description } = await ask('GET', '/openapi.json')
const prefix = '/api/v1'
const operations = Object.entries((description as unknown as Described).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: path.startsWith(prefix) ? path.slice(prefix.length) : path,
    // The body of a PUT is a file, whatever is in it.
    takesBody: 'requestBody' in operation && method === 'post',
    parameters: (operation.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name),
  })),
)
const fill = (path: string, value: string) => path.replace(/\{[^}]+\}/g, value)

await rows('POST', '/regions', { region_name: 'SJ Labs' })
await rows('POST', '/jump_hosts', { hostname: 'jump', connection_type: 'ssh', host_or_ip: '192.0.2.1' })
const local = { hostname: 'repository', server_type: 'LOCAL', device_path: 'disk0:' }
await rows('POST', '/server_repositories', local)
await rows('POST', '/custom_command_profiles', { profile_name: 'profile', command_list: ['show clock'] })
await host('R1')
await rows('POST', '/install', { hostname: 'R1', install_action: 'Commit', ...ahead(100) })

/** Everything that is stored, as answers tell it. */
async function stored(): Promise<string[]> {
  const lists = ['/hosts', '/regions', '/jump_hosts', '/server_repositories', '/custom_command_profiles']
  const answers = await Promise.all([...lists, '/install', '/users', '/dispatch'].map(get))
  return answers.map(({ text }) => text)
}
const before = await stored()
const unchanged = async (t: Test) => t.same(await stored(), before, 'nothing has changed')

/** The answer is a refusal in the envelope. */
function isRefusal(answer: Answer): boolean {
  const { status, body } = answer
  if (status < 400 || status >= 500) return false
  const response = body.api_response as Row | undefined
  const failed = response !== undefined && (response['status'] === 'FAILED' || everyFailed(response))
  return failed
}

const everyFailed = (response: Row) =>
  Object.values(response).some(
    (list) => Array.isArray(list) && list.every((row: Row) => row['status'] === 'FAILED'),
  )

const tell = (what: string, { status, text }: Answer) =>
  `${what}: ${status} ${text.slice(0, 200)}`.replace(/[^ -~]/g, '?').slice(0, 400)

const changing = operations.filter(({ takesBody }) => takesBody)

t.ok(changing.length >= 6, `${operations.length} operations, ${changing.length} with JSON bodies`)

t.test('bodies that nobody can take are refused by every operation', async (t) => {
  for (const { method, path } of changing) {
    const wrong: string[] = []
    for (const [what, body] of Object.entries(nastyBodies)) {
      const answer = await ask(method, fill(path, 'no-such'), { body })
      if (!isRefusal(answer)) wrong.push(tell(what, answer))
    }
    t.same(wrong, [], `${method} ${path}`)
  }
  t.notOk('polluted' in {}, 'prototypes are as they were')
  await unchanged(t)
})

t.test('10,001 rows are 413 wherever rows are taken', async (t) => {
  const body = JSON.stringify(Array(10_001).fill({}))
  for (const { method, path } of changing) {
    const answer = await ask(method, fill(path, 'no-such'), { body })
    t.equal(answer.status, 413, tell(path, answer))
  }
  await unchanged(t)
})

t.test('the same switch twice in a request: the later row fails, and says so', async (t) => {
  const row = { scope: 'host', name: 'no-such', paused: false }
  const [, again] = listOf(await post('/dispatch', [row, { ...row, name: ' no-such ', paused: true }]))
  t.match(again?.['status_message'], /^More than one entry with the same scope and name/)
  await unchanged(t)
})

t.test('compressed bodies are refused', async (t) => {
  const body = gzipSync(JSON.stringify({ region_name: 'zipped' }))
  for (const encoding of ['gzip', 'br', 'deflate', 'x', 'gzip, gzip']) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    for (const { path } of changing) {
      const answer = await ask('POST', fill(path, 'no-such'), { body, headers })
      t.ok(isRefusal(answer), tell(`${path} ${encoding}`, answer))
    }
  }
  await unchanged(t)
})

t.test(
  'a body of 64 MB is 413, announced or chunked, and the connection is not cut before the answer',
  async (t) => {
    const big = Buffer.alloc(64 * 1024 * 1024, 0x20)
    t.equal((await ask('POST', '/hosts', { body: big })).status, 413)
    // The limit itself is enough here.
    for (const { path } of changing) {
      const answer = await ask('POST', fill(path, 'no-such'), { body: big.subarray(0, 16 * 1024 * 1024 + 1) })
      t.equal(answer.status, 413, tell(path, answer))
    }
    const ignored = await ask('DELETE', '/regions/no-such/delete', { body: big.subarray(0, 20_000_000) })
    t.match(ignored.body.api_response['status_message'], /does not exist/, 'ignored, as all bodies of DELETE')
    const authorization = basic('root', adminPassword)
    const head = `POST /api/v1/hosts HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nConnection: close\r\n`
    const chunk = Buffer.concat([
      Buffer.from('1000000\r\n'),
      big.subarray(0, 16 * 1024 * 1024),
      Buffer.from('\r\n'),
    ])
    const chunked = Buffer.from(`${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`)
    const end = Buffer.from('0\r\n\r\n')
    const [answer] = await sendRaw(slipway.url, Buffer.concat([chunked, chunk, chunk, end]), 30_000)
    t.equal(answer?.status, 413, 'chunked')
    await unchanged(t)
  },
)

t.test('parts of paths and queries that nobody should send are refused by every operation', async (t) => {
  for (const { method, path, parameters } of operations) {
    const wrong: string[] = []
    const tryOne = async (target: string) => {
      const body = method === 'POST' ? { body: '{"no": "such"}' } : {}
      const answer = await ask(method, target, body)
      const isTold = method === 'HEAD' || 'api_response' in answer.body
      const fine = answer.status < 500 && (answer.status < 400 || isTold)
      if (!fine) wrong.push(tell(target.slice(0, 100), answer))
    }
    const targets = path.includes('{') ? nastyPaths.map((part) => fill(path, part)) : []
    for (const name of parameters.length > 0 ? parameters : ['x']) {
      for (const text of nastyQueries) {
        // Without its filter it would delete what it says.
        if (method === 'DELETE' && !text.includes('{}')) continue
        targets.push(`${fill(path, 'no-such')}?${text.replaceAll('{}', name)}`)
      }
    }
    while (targets.length > 0) await Promise.all(targets.splice(0, 20).map(tryOne))
    t.same(wrong, [], `${method} ${path}`)
  }
  await unchanged(t)
})

/** Rows that are good, to be spoilt in one place. */
const good: Record<
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
const control = /[\0-\x1f\x7f-\x9f]|\p{Surrogate}/u

/** Rows that all must fail, each for a fault of its own. @returns what was taken */
async function notRefused(path: string, sent: Row[]): Promise<string[]> {
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

t.test('texts that a router would read as more than a name are refused in every key', async (t) => {
  for (const [path, { row, free }] of Object.entries(good)) {
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
      t.same(await notRefused(path, sent), [], `${key} of ${path}`)
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
    t.same(await notRefused('/server_repositories', named), [], server_type)
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
    t.same(await notRefused('/server_repositories', named), [], server_type)
  }
  await unchanged(t)
})

t.test('odd Content-Types are read or refused, never stumbled over', async (t) => {
  const authorization = basic('root', adminPassword)
  const body = '{"no":"such"}'
  for (const type of oddContentTypes) {
    for (const [method, path] of [
      ['POST', '/regions'],
      ['POST', '/hosts'],
      ['POST', '/install'],
      ['GET', '/regions'],
      ['DELETE', '/regions/x/delete'],
      ['POST', '/no'],
    ]) {
      const request = [
        `${method} /api/v1${path} HTTP/1.1`,
        'Host: x',
        `Authorization: ${authorization}`,
        `Content-Type: ${type}`,
        `Content-Length: ${body.length}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n')
      const [answer] = await sendRaw(slipway.url, Buffer.from(request, 'latin1'))
      t.ok(
        answer !== undefined && answer.status < 500,
        `${method} ${path} ${JSON.stringify(type.slice(0, 40)).replace(/[^ -~]/g, '?')}`,
      )
      t.match(answer?.body, /"api_response"/)
    }
  }
})

t.test(
  'what is hardly HTTP is 400 in the envelope, and nothing of it becomes a second request',
  async (t) => {
    const authorization = `Authorization: ${basic('root', adminPassword)}`
    const smuggled = `POST /api/v1/regions HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{"region_name":"smuggled"}`
    const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`
    const get = 'GET /api/v1/regions HTTP/1.1'
    const requests: Record<string, string> = {
      'no Host': lines(get, authorization, 'Connection: close'),
      'two Hosts': lines(get, 'Host: a', 'Host: b', authorization, 'Connection: close'),
      'two Content-Lengths':
        lines(get, 'Host: x', authorization, 'Content-Length: 0', 'Content-Length: 5') + smuggled,
      'chunked and Content-Length': `${lines(
        'POST /api/v1/regions HTTP/1.1',
        'Host: x',
        authorization,
        'Content-Length: 5',
        'Transfer-Encoding: chunked',
      )}0\r\n\r\n${smuggled}`,
      'chunked twice': `${lines(
        'POST /api/v1/regions HTTP/1.1',
        'Host: x',
        authorization,
        'Transfer-Encoding: chunked, chunked',
      )}0\r\n\r\n${smuggled}`,
      'an unknown coding':
        lines('POST /api/v1/regions HTTP/1.1', 'Host: x', authorization, 'Transfer-Encoding: xchunked') +
        smuggled,
      'a negative length': lines(get, 'Host: x', authorization, 'Content-Length: -1') + smuggled,
      'a blank before the colon': lines(get, 'Host : x', authorization),
      'a folded header': lines(get, 'Host: x', 'X-A: b\r\n c\0', authorization),
      'a NUL in a header': lines(get, 'Host: x', 'X-A: a\0b', authorization),
      'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
      'an unknown version': lines('GET /api/v1/regions HTTP/3.7', 'Host: x', authorization),
      'a bad chunk': `${lines(
        'POST /api/v1/regions HTTP/1.1',
        'Host: x',
        authorization,
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
      )}zz\r\n`,
    }
    for (const [what, request] of Object.entries(requests)) {
      const answers = await sendRaw(slipway.url, Buffer.from(request, 'latin1'))
      t.ok(answers.length <= 1, `${what}: one answer at most`)
      t.equal(answers[0]?.status, 400, what)
      t.match(answers[0]?.body, /^\{"api_response":\{"status":"FAILED"/, what)
    }
    await unchanged(t)
  },
)

t.test(
  'floods of headers, methods nobody knows and odd expectations are answered in the envelope',
  async (t) => {
    const authorization = `Authorization: ${basic('root', adminPassword)}`
    const request = (method: string, ...headers: string[]) =>
      [
        `${method} /api/v1/regions HTTP/1.1`,
        'Host: x',
        authorization,
        'Connection: close',
        ...headers,
        '',
        '',
      ].join('\r\n')
    const many = Array.from({ length: 3_000 }, (_, i) => `X-${i}: y`)
    const cases: [string, string, number[]][] = [
      ['one long header', request('GET', `X-Long: ${'x'.repeat(100_000)}`), [431]],
      ['many headers', request('GET', ...many), [200, 431]],
      ['an expectation', request('GET', 'Expect: the-unexpected'), [200]],
      ['an upgrade', request('GET', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'), [200]],
      ['TRACE', request('TRACE'), [405]],
      ['PROPFIND', request('PROPFIND'), [405]],
      ['a method of our own', request('STEAL'), [400, 405]],
      ['an absolute URL', request('GET').replace('/api/v1', 'http://x/api/v1'), [200, 404]],
    ]
    for (const [what, bytes, statuses] of cases) {
      const [answer] = await sendRaw(slipway.url, bytes)
      t.ok(statuses.includes(answer?.status ?? 0), `${what}: ${answer?.status}`)
      t.match(answer?.body, /^\{"api_response":/, what)
    }
  },
)

t.test('rows of anything at all get an answer that is no 5xx', async (t) => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...nastyTexts))
  const value = fc.oneof({ weight: 3, arbitrary: text }, fc.jsonValue(), fc.constantFrom(...nastyValues))
  for (const [path, { row }] of Object.entries(good)) {
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

t.test('a database without room answers 503 with Retry-After, and goes on afterwards', async (t) => {
  const socket = findSocket(slipway.dataDir)
  const databases = await query(socket, 'postgres', 'SELECT datname AS name FROM pg_database')
  const database = databases.map(({ name = '' }) => name).find((name) => name.includes('inventory')) ?? ''
  await query(
    socket,
    database,
    `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
     CREATE TRIGGER full_disk BEFORE INSERT ON region EXECUTE FUNCTION full_disk()`,
  )
  const answer = await post('/regions', { region_name: 'no room' })
  t.equal(answer.status, 503, answer.text)
  t.ok(Number(answer.headers.get('retry-after')) > 0)
  t.same(answer.body.api_response, {
    status: 'FAILED',
    status_message: 'The service is not available at the moment.',
  })
  await query(socket, database, 'DROP TRIGGER full_disk ON region')
  t.same(listOf(await post('/regions', { region_name: 'room again' })), [
    { status: 'SUCCESS', region_name: 'room again' },
  ])
})
