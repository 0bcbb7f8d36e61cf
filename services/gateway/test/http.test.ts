import { connect } from 'node:net'
import { createError, inventoryMessages } from '@slipway/contracts'
import t from 'tap'
import { build, failed } from './fixture.ts'

const row = { region_name: 'SJ Labs' }

t.test('unknown paths are 404 and wrong methods 405 with Allow, whatever their body', async (t) => {
  const { ask } = await build(t)
  for (const path of [
    '/nowhere',
    '/hosts/',
    '/hosts/R1',
    '/hosts/R1/delete/x',
    '/HOSTS',
    '/install/logs/1/2',
    '',
  ]) {
    failed(await ask('GET', `/api/v1${path}`), 404, 'Not Found')
    failed(await ask('POST', `/api/v1${path}`, { body: '{' }), 404, 'Not Found')
  }
  const allowed = {
    '/hosts': 'GET, HEAD, POST',
    '/token': 'GET, HEAD',
    '/hosts/My%20Host/delete': 'DELETE',
    '/hosts/a%2Fb/packages': 'GET, HEAD',
    '/hosts/R1/inventory': 'GET, HEAD, POST',
    '/install': 'GET, HEAD, POST',
    '/install/delete': 'DELETE',
    '/install/logs/7': 'GET, HEAD',
  }
  for (const [path, allow] of Object.entries(allowed)) {
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'PROPFIND']) {
      const answer = await ask(method, `/api/v1${path}?x=1`)
      failed(answer, 405, 'Method Not Allowed')
      t.equal(answer.headers.allow, allow, `${method} ${path}`)
      t.equal(answer.headers['cache-control'], 'no-store')
    }
  }
  failed(await ask('GET', '/elsewhere', { auth: undefined }), 404, 'Not Found')
  failed(await ask('GET', '/%zz', { auth: undefined }), 400, 'The URL could not be decoded.')
})

t.test('undecodable URLs and over-long parameters are 400 in the envelope', async (t) => {
  const { ask } = await build(t)
  for (const path of [
    '/hosts/%zz/packages',
    '/hosts/%ff/delete',
    '/hosts?region=%c3%28',
    '/%',
    '/hosts?x=%',
  ]) {
    failed(await ask('GET', `/api/v1${path}`), 400, 'The URL could not be decoded.')
  }
  failed(
    await ask('GET', `/api/v1/hosts/${'a'.repeat(51)}/packages`),
    400,
    /'hostname' is too long: at most 50/,
  )
  failed(await ask('GET', `/api/v1/hosts/${'a'.repeat(5_000)}/packages`), 400, /too long/)
  failed(
    await ask('DELETE', `/api/v1/regions/${'%20'.repeat(9)}/delete`),
    400,
    "Parameter 'region_name' must not be empty.",
  )
  t.equal((await ask('GET', `/api/v1/hosts/${'%41'.repeat(50)}/packages`)).status, 200)
  const huge = await ask('GET', `/api/v1/hosts?region=${'a'.repeat(20_000)}`)
  failed(huge, 431, /too large/)
})

t.test('parameters: unknown, twice, empty, control characters', async (t) => {
  const { ask } = await build(t)
  const refusals: Record<string, string> = {
    'hosts?foo=1': "Following parameter, 'foo', is not allowed.",
    'hosts?foo=1&bar=2': "Following parameters, 'foo,bar', are not allowed.",
    'hosts?__proto__=1': "Following parameter, '__proto__', is not allowed.",
    'hosts?region=a&region=b': "Parameter 'region' is given more than once.",
    'hosts?region=': "Parameter 'region' must not be empty.",
    'hosts?region': "Parameter 'region' must not be empty.",
    'hosts?family=%20%20': "Parameter 'family' must not be empty.",
    'hosts?family=a%00b': "Parameter 'family' is invalid: it must not contain control characters.",
    'hosts?region=a%3Bb':
      '"a;b" contains invalid characters. It should only contain a-z, A-Z, 0-9, blanks and ().-_:+@/',
    'hosts?hostname=..':
      '".." contains invalid characters. It should only contain a-z, A-Z, 0-9, blanks and ().-_:+@/',
    'hosts?page=0': 'page must be an numeric value',
    'hosts?page=-1': 'page must be an numeric value',
    'hosts?page=1.5': 'page must be an numeric value',
    'hosts?page=%EF%BC%91': 'page must be an numeric value',
    'hosts?page=99999999999999999999': 'Unknown page number',
    'hosts/R1/packages?x=1': "Following parameter, 'x', is not allowed.",
    'install/logs/1?x=1': "Following parameter, 'x', is not allowed.",
  }
  for (const [path, message] of Object.entries(refusals)) {
    failed(await ask('GET', `/api/v1/${path}`), 400, message)
  }
  failed(
    await ask('POST', '/api/v1/regions?x=1', { body: row }),
    400,
    "Following parameter, 'x', is not allowed.",
  )
})

t.test('bodies that are not rows are refused as a whole, and nothing is done', async (t) => {
  const { ask, askedFor } = await build(t)
  const depth = '['.repeat(10_000)
  const refusals: [body: unknown, status: number, message: string | RegExp][] = [
    ['', 400, /body is empty/],
    [' \n', 400, /body is empty/],
    ['[]', 400, /body is empty/],
    ['{', 400, /not valid JSON/],
    ['{"region_name":"a",}', 400, /not valid JSON: unexpected token at position \d+\./],
    [depth, 400, /nested too deeply/],
    [`{"region_name":${depth}${']'.repeat(10_000)}}`, 400, /nested too deeply/],
    ['{"region_name":"a","region_name":"b"}', 400, /same key twice/],
    ['[{"region_name":"a"},{"x":{"y":1,"\\u0079":2}}]', 400, /same key twice/],
    ['"text"', 400, /must be a JSON object or a list/],
    ['null', 400, /must be a JSON object or a list/],
    ['[{},null]', 400, /must be a JSON object or a list/],
    ['[[{}]]', 400, /must be a JSON object or a list/],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, /not UTF-8/],
    [JSON.stringify(Array(10_001).fill(row)), 413, /at most 10000 rows/],
    ['x'.repeat(16 * 1024 * 1024 + 1), 413, /at most 16777216 bytes/],
  ]
  for (const [body, status, message] of refusals) {
    t.ok(failed(await ask('POST', '/api/v1/regions', { body }), status, message), String(message))
  }
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json+x',
    ';',
    'x',
  ]
  for (const type of types) {
    const answer = await ask('POST', '/api/v1/regions', { body: row, headers: { 'content-type': type } })
    t.ok(failed(answer, 400, 'Content-Type must be application/json.'), type)
  }
  const zipped = await ask('POST', '/api/v1/regions', { body: row, headers: { 'content-encoding': 'gzip' } })
  failed(zipped, 400, /Content-Encoding/)
  failed(await ask('POST', '/api/v1/regions'), 400, /body is empty/)
  t.same(askedFor(inventoryMessages.upsertRegions), [])
})

t.test('a client that sends all of a refused body first still reads the answer', async (t) => {
  const { ask } = await build(t)
  const body = Buffer.alloc(20 * 1024 * 1024, 'x')
  const close = { connection: 'close' }
  failed(await ask('POST', '/api/v1/regions', { body, headers: close }), 413, /at most 16777216 bytes/)
  const chunked = { ...close, 'transfer-encoding': 'chunked' }
  failed(await ask('POST', '/api/v1/regions', { body, headers: chunked }), 413, /at most 16777216 bytes/)
  failed(
    await ask('POST', '/api/v1/regions', { body, headers: close, auth: undefined }),
    401,
    'Unauthorized Access',
  )
  failed(await ask('POST', '/api/v1/nowhere', { body, headers: close }), 404, 'Not Found')
})

t.test('Content-Type may have parameters and any case; GET and DELETE ignore it and any body', async (t) => {
  const { ask } = await build(t)
  for (const type of [
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/json;x="y"',
    ' application/json\t;a=b',
  ]) {
    const answer = await ask('POST', '/api/v1/regions', { body: row, headers: { 'content-type': type } })
    t.equal(answer.status, 200, type)
  }
  for (const type of ['application/json', 'text/plain', ';;;', '']) {
    const headers = { 'content-type': type }
    t.equal((await ask('GET', '/api/v1/hosts', { headers })).status, 200)
    t.equal((await ask('DELETE', '/api/v1/hosts/R1/delete', { headers })).status, 200)
    t.equal((await ask('DELETE', '/api/v1/hosts/R1/delete', { headers, body: '{' })).status, 200)
    t.equal((await ask('POST', '/api/v1/hosts/R1/inventory', { headers })).status, 202)
    t.equal((await ask('POST', '/api/v1/hosts/R1/inventory', { headers, body: '{' })).status, 202)
  }
  t.equal((await ask('POST', '/api/v1/hosts/R1/inventory')).status, 202)
  t.equal((await ask('HEAD', '/api/v1/hosts')).status, 200)
})

t.test('a service that is away or does not answer is 503 with Retry-After', async (t) => {
  const away = await build(t, { away: ['inventory'] })
  const answer = await away.ask('GET', '/api/v1/hosts')
  failed(answer, 503, 'The service is not available at the moment.')
  t.match(answer.headers['retry-after'], /^\d+$/)
  const never = new Promise<never>(() => {})
  const silent = await build(t, { config: { readTimeout: 100 }, inventory: { listHosts: () => never } })
  const late = await silent.ask('GET', '/api/v1/hosts')
  failed(late, 503, 'The service did not answer in time.')
  t.match(late.headers['retry-after'], /^\d+$/)
})

t.test('an unexpected error is 500 without its text', async (t) => {
  const { ask } = await build(t, {
    inventory: {
      listHosts: () => {
        throw new Error('relation "host" does not exist')
      },
    },
  })
  failed(await ask('GET', '/api/v1/hosts'), 500, 'An unexpected error occurred.')
})

t.test('errors of services keep their status: not found and conflicts of the guide are 400', async (t) => {
  const { ask } = await build(t, {
    inventory: {
      deleteHost: () => {
        throw createError('INVENTORY_HOST_JOB_RUNNING', ['R1'])
      },
      deleteRegion: () => {
        throw createError('INVENTORY_IN_USE', ['region', 'SJ Labs', 'hosts'])
      },
      listHosts: () => {
        throw createError('INPUT_PAGE_UNKNOWN')
      },
    },
  })
  failed(
    await ask('DELETE', '/api/v1/hosts/R1/delete'),
    400,
    "Unable to delete host 'R1'. An install job is in progress.",
  )
  const inUse = "Unable to delete region 'SJ Labs'. Verify that it is not used by other hosts."
  failed(await ask('DELETE', '/api/v1/regions/SJ%20Labs/delete'), 400, inUse)
  failed(await ask('GET', '/api/v1/hosts?page=2'), 400, 'Unknown page number')
})

t.test('what is not HTTP is answered in the envelope', async (t) => {
  const { gateway } = await build(t)
  const { port } = new URL(gateway.address)
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('NOT HTTP\r\n\r\n'))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
  t.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  t.match(answer, /"status":"FAILED","status_message":"The request is not valid HTTP\."/)
})

t.test('health needs no credentials and tells of the gateway; answers carry a request id', async (t) => {
  const { ask } = await build(t)
  const ready = await ask('GET', '/readyz', { auth: undefined })
  t.equal(ready.status, 200)
  t.match(ready.json, { services: { gateway: 'ready' } })
  t.equal((await ask('GET', '/healthz', { auth: undefined })).status, 200)
  const answer = await ask('GET', '/api/v1/hosts')
  t.match(answer.headers['x-request-id'], /^[0-9a-f-]{36}$/)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
})

t.test('requests are measured by route; nobody outside can make a label', async (t) => {
  const { ask } = await build(t)
  await ask('GET', '/api/v1/hosts/R1/packages')
  await ask('GET', '/api/v1/hosts/R2/packages', { auth: undefined })
  await ask('GET', '/made-up-path')
  await ask('PROPFIND', '/api/v1/made-up-path')
  const { text } = await ask('GET', '/metrics', { auth: undefined })
  const count = (route: string, method: string, status: string) =>
    `slipway_gateway_request_seconds_count{route="${route}",method="${method}",status="${status}"} 1`
  for (const line of [
    count('/api/v1/hosts/:name/packages', 'GET', '2xx'),
    count('/api/v1/hosts/:name/packages', 'GET', '4xx'),
    count('unknown', 'GET', '4xx'),
    count('unknown', 'other', '4xx'),
  ]) {
    t.ok(text.includes(line), line)
  }
  t.notMatch(text, /made-up|PROPFIND|R1/)
})

t.test('a stop lets a request in flight finish', async (t) => {
  const held = gate()
  const arrived = gate()
  const { ask, gateway } = await build(t, {
    inventory: {
      listRegions: async () => {
        arrived.open()
        await held.opened
        return { rows: [] }
      },
    },
  })
  const answer = ask('GET', '/api/v1/regions')
  await arrived.opened
  const stopped = gateway.stop()
  t.equal(await gateway.ready(), false)
  held.open()
  t.equal((await answer).status, 200)
  await stopped
})

t.test('TLS_CERT without TLS_KEY is refused at start', async (t) => {
  await t.rejects(build(t, { config: { tlsCert: '/nowhere' } }), /TLS_CERT and TLS_KEY must be set together/)
})

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}
