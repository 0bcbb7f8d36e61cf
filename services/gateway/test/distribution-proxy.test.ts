// `/download` and publishing in the cluster shape, against small HTTP servers that stand for the distribution service.
import { EventEmitter, once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { hostilePaths, until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import type { Dispatcher } from 'undici'
import { type Ask, withSecondTry } from '../src/http/second-try.ts'
import { admin, basic, build, failed, password } from './fixture.ts'

interface Seen {
  method: string | undefined
  url: string | undefined
  headers: IncomingHttpHeaders
  body: Buffer
}

const nobody = 'http://127.0.0.1:9'

/** A server that answers as it is told; without an answer it keeps what it was asked and stays silent. */
async function upstream(t: Test, answer?: RequestListener) {
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request
    const asked: Seen = { method, url, headers, body: Buffer.alloc(0) }
    seen.push(asked)
    if (method === 'PUT') asked.body = await request.toArray().then(Buffer.concat, () => Buffer.alloc(0))
    answer?.(request, response)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, sockets }
}

const content = Buffer.from('the file')
const sendsFile: RequestListener = (_request, response) => {
  response.writeHead(200, {
    'content-type': 'application/x-gzip',
    'content-length': content.length,
    etag: '"e"',
    'x-internal': 'not for agents',
    'set-cookie': 'a=b',
  })
  response.end(content)
}

/** Asks by hand; the answer is what came until the connection ended. */
async function raw(address: string, path: string, headers = ''): Promise<string> {
  const socket = dial(address, path, `Connection: close\r\n${headers}`)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  await once(socket, 'close')
  return text
}

function dial(address: string, path: string, headers = ''): Socket {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(
    `GET /download/${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(...admin)}\r\n${headers}\r\n`,
  )
  return socket
}

t.test('a name is passed on as it was meant, and what matters of headers', async (t) => {
  const { url, seen } = await upstream(t, sendsFile)
  const b = await build(t, { distributionUrls: [url] })
  const same = ['im2-agent/agent.tgz', 'IM2-AGENT/agent.tgz', 'proc/self', 'a/agent.tgz.', 'link/token/a.gz']
  for (const path of same) {
    t.equal((await b.ask('GET', `/download/${path}`)).text, 'the file')
    t.equal(seen.at(-1)?.url, `/download/${path}`)
  }
  const answer = await b.ask('GET', '/download/im2%2Dagent/agent%2etgz?x=1', {
    headers: { range: 'bytes=0-', cookie: 'secret', 'x-forwarded-for': '192.0.2.1', 'x-internal': '1' },
  })
  t.match(seen.at(-1), {
    url: '/download/im2-agent/agent.tgz',
    headers: { authorization: basic(...admin), range: 'bytes=0-', 'x-forwarded-for': /127\.0\.0\.1/ },
  })
  t.equal(seen.at(-1)?.headers.cookie, undefined)
  t.equal(seen.at(-1)?.headers['x-internal'], undefined)
  t.match(answer, { status: 200, headers: { etag: '"e"', 'content-type': 'application/x-gzip' } })
  t.equal(answer.headers['x-internal'], undefined)
  t.equal(answer.headers['set-cookie'], undefined)
})

t.test('what can be no name never leaves the gateway: 404, and 403 without credentials', async (t) => {
  const { url, seen } = await upstream(t, sendsFile)
  const b = await build(t, { distributionUrls: [url] })
  for (const path of [...hostilePaths('a'), 'link/a/b/c']) {
    const known = await b.ask('GET', `/download/${path}`)
    t.match(known, { status: 404, text: /"Not Found"/ }, path.slice(0, 60))
    const unknown = await b.ask('GET', `/download/${path}`, { auth: undefined })
    t.match(unknown, { status: 403, text: /"Forbidden"/ }, path.slice(0, 60))
  }
  for (const path of ['link//x', 'link/a/%zz', 'link/../x', 'link/a/.x']) {
    failed(await b.ask('GET', `/download/${path}`, { auth: undefined }), 403, 'Forbidden')
  }
  failed(await b.ask('GET', '/download/link//x'), 403, 'Forbidden')
  failed(await b.ask('POST', '/download/link/a/b', { auth: undefined }), 403, 'Forbidden')
  t.equal((await b.ask('POST', '/download/link/a/b')).status, 405)
  // The rules of publishing say more, so that an operator sees what is wrong.
  for (const name of ['a/.x.gz', 'a/..%2fx.gz', 'jp1_a/x.gz', 'a/x%00.gz', `a/${'x'.repeat(233)}.gz`]) {
    t.equal((await b.ask('PUT', `/api/v1/distributions/${name}`, { body: content })).status, 400, name)
  }
  t.same(seen, [])
})

t.test('without distribution the answer is 503 with Retry-After, also when it is silent', async (t) => {
  const silent = await upstream(t)
  const good = await upstream(t, sendsFile)
  const link = { auth: undefined }
  async function isAway(distributionUrls: readonly string[]): Promise<void> {
    const b = await build(t, { distributionUrls })
    const answer = await b.ask('GET', '/download/a/agent.tgz')
    failed(answer, 503, /not available/)
    t.ok(Number(answer.headers['retry-after']) > 0)
  }
  async function isAskedOnce(): Promise<void> {
    const b = await build(t, { distributionUrls: [silent.url, good.url] })
    const asked = Array.from({ length: 8 }, () => b.ask('GET', '/download/link/token/a.gz', link))
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    t.same(
      statuses.filter((status) => status !== 200 && status !== 503),
      [],
    )
  }
  // The silent ones are waited for together.
  await Promise.all([
    ...[[nobody], [nobody, nobody], [silent.url], [silent.url, silent.url]].map(isAway),
    isAskedOnce(),
  ])
  const uses = [...silent.seen, ...good.seen].filter(({ url }) => url?.includes('/link/'))
  t.equal(uses.length, 8, 'a use that may have been counted is not asked for twice')
  const b = await build(t, { distributionUrls: [nobody] })
  const answer = await b.ask('PUT', '/api/v1/distributions/a/x.gz', { body: content })
  failed(answer, 503, /not available/)
  t.ok(Number(answer.headers['retry-after']) > 0)
})

t.test('a replica that is away or breaks off before it answers is passed over', async (t) => {
  const breaking = await upstream(t, (_request, response) => response.destroy())
  const good = await upstream(t, sendsFile)
  for (const other of [nobody, breaking.url]) {
    const b = await build(t, { distributionUrls: [other, good.url] })
    for (let n = 0; n < 8; n += 1) t.equal((await b.ask('GET', '/download/a/agent.tgz')).text, 'the file')
  }
  t.ok(breaking.seen.length > 0)
})

t.test(
  'where a replica is silent another one is asked as well, and who answers first is passed on',
  async (t) => {
    const silent = await upstream(t)
    const good = await upstream(t, sendsFile)
    const b = await build(t, { distributionUrls: [silent.url, good.url] })
    // Both are asked at the end, in either order; the second one answers, and the first as soon as it is not the only one.
    const held = new Map<string, () => void>()
    const patient = await upstream(t, ({ url = '' }, response) => {
      const answer = () => sendsFile(response.req, response)
      if (mute.seen.some((asked) => asked.url === url)) answer()
      else held.set(url, answer)
    })
    const mute = await upstream(t, ({ url = '' }) => held.get(url)?.())
    const c = await build(t, { distributionUrls: [mute.url, patient.url] })

    const names = Array.from({ length: 10 }, (_, n) => `/download/a/${n}.gz`)
    const all = names.flatMap((name) => [b.ask('GET', name), c.ask('GET', name)])
    for (const { status, text } of await Promise.all(all)) t.same([status, text], [200, 'the file'])
    const head = await Promise.all(names.map((name) => b.ask('HEAD', name)))
    t.ok(head.every(({ status, headers }) => status === 200 && headers.etag === '"e"'))
    t.ok(silent.seen.length > 0)
    t.equal(mute.seen.length, names.length)
    t.equal(patient.seen.length, names.length, 'each was asked once')
    const isLetGo = () => silent.sockets.size + mute.sockets.size === 0
    await until(isLetGo, { message: 'who is not needed any more is let go' })
  },
)

t.test('a replica from which anything comes is waited for, and nobody else is asked', async (t) => {
  const data = { statusCode: 200 } as Dispatcher.ResponseData
  const asked: unknown[] = []
  let looks = 0
  // Each look finds that more has come, for whomever; then comes the answer.
  const answered = new EventEmitter()
  const ask: Ask = ({ origin }, callback) => {
    asked.push(origin)
    answered.once('answer', () => callback(null, data))
  }
  const bytesFrom = () => {
    looks += 1
    if (looks === 5) answered.emit('answer')
    return looks
  }
  const second = { origins: ['http://b', 'http://a'], afterMs: 20, mayRepeat: () => true }
  const get = withSecondTry({ ask, headersTimeoutMs: 10_000, bytesFrom }, second)
  const options = { origin: 'http://a', path: '/download/a/late.gz', method: 'GET' } as const
  t.equal(await new Promise((resolve) => get(options, resolve)), null)
  t.same(asked, ['http://a'])
  t.equal(looks, 5)
})

t.test('a service that dies while it sends cuts the connection: nothing short looks whole', async (t) => {
  const { url } = await upstream(t, ({ url = '' }, response) => {
    if (url.endsWith('told.gz')) response.setHeader('content-length', 1_000_000)
    response.write(Buffer.alloc(10_000, 'x'), () => response.destroy())
  })
  const b = await build(t, { distributionUrls: [url] })
  const told = await raw(b.gateway.address, 'a/told.gz')
  t.match(told, /^HTTP\/1\.1 200 .*content-length: 1000000\r\n/is)
  t.ok(told.length < 20_000)
  const untold = await raw(b.gateway.address, 'a/chunked.gz')
  t.match(untold, /^HTTP\/1\.1 200 .*transfer-encoding: chunked\r\n/is)
  t.notOk(untold.endsWith('0\r\n\r\n'), 'no end that was none')
})

const descriptors = async () => (await readdir('/proc/self/fd')).length

t.test('200 clients that drop half-way leave no connection and no descriptor behind', async (t) => {
  const chunk = Buffer.alloc(65_536, 'x')
  const { url, seen, sockets } = await upstream(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100_000_000 })
    response.write(chunk)
  })
  const b = await build(t, { distributionUrls: [url] })
  await b.ask('GET', '/download/a/.x')
  const before = await descriptors()
  for (let round = 0; round < 4; round += 1) {
    const clients = Array.from({ length: 50 }, () => dial(b.gateway.address, 'a/large.gz'))
    await Promise.all(clients.map((client) => once(client, 'data')))
    t.ok(sockets.size >= 50)
    for (const client of clients) round % 2 === 0 ? client.destroy() : client.resetAndDestroy()
    await until(() => sockets.size === 0, { message: 'upstream connections are closed' })
  }
  t.equal(seen.length, 200)
  await until(async () => (await descriptors()) <= before + 5, { message: 'descriptors are closed' })
})

t.test('uploads reach the service byte for byte, and its answers the client', async (t) => {
  const { url, seen } = await upstream(t, (request, response) => {
    const isGood = !request.url?.includes('bad')
    response.writeHead(isGood ? 201 : 400, { 'content-type': 'application/json' })
    const error = { code: 'DISTRIBUTION_REFUSED', params: ['a/bad.gz', 'It is odd.'] }
    response.end(JSON.stringify(isGood ? { api_response: { status: 'SUCCESS' } } : error))
  })
  const b = await build(t, { distributionUrls: [url] })
  const put = (path: string, headers = {}) =>
    b.ask('PUT', `/api/v1/distributions/${path}`, { body: '{"not":json', headers })
  for (const type of ['application/json', 'text/plain', 'application/octet-stream']) {
    t.match(await put('a/x.gz', { 'content-type': type }), { status: 201 }, type)
    t.equal(seen.at(-1)?.body.toString(), '{"not":json', type)
  }
  t.match(await put('a/x.rpm?software=true'), { status: 201 })
  t.match(seen.at(-1), { method: 'PUT', url: '/api/v1/distributions/a/x.rpm?software=true' })
  failed(await put('a/bad.gz'), 400, "'a/bad.gz' breaks a rule of distributions: It is odd.")
  const others = await b.ask('PUT', '/api/v1/distributions/a/x.gz', {
    auth: ['vera', password],
    body: content,
  })
  t.equal(others.status, 401)
  t.equal(seen.length, 5)
})

t.test('an upload that breaks off, at either end, ends at the other', async (t) => {
  const dying = await upstream(t, (_request, response) => response.destroy())
  const b = await build(t, { distributionUrls: [dying.url] })
  failed(await b.ask('PUT', '/api/v1/distributions/a/x.gz', { body: content }), 503, /not available/)
  const { hostname, port } = new URL(b.gateway.address)
  const client = connect(Number(port), hostname)
  client.on('error', () => undefined)
  client.write(
    `PUT /api/v1/distributions/a/x.gz HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(...admin)}\r\nContent-Length: 1000\r\n\r\nhalf`,
  )
  await until(() => dying.seen.length === 2, { message: 'it has arrived' })
  client.destroy()
  await until(() => dying.sockets.size === 0, { message: 'it has ended' })
})
