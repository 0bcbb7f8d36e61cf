import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { type TokenClaims, tokenAudience, tokenIssuer } from '@slipway/contracts'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { createVerifiedTokens } from '../src/identity/verified-tokens.ts'
import {
  type CreateFastifyOptions,
  createFastify,
  createLogger,
  createMetrics,
  healthRoutes,
} from '../src/index.ts'

function build(t: Test, options: Partial<CreateFastifyOptions> = {}) {
  const lines: Record<string, unknown>[] = []
  const log = createLogger({
    service: 'test',
    level: 'debug',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  })
  const app = createFastify({ log, ...options })
  t.teardown(() => app.close())
  const requests = () => lines.filter((line) => String(line['msg']).startsWith('request'))
  return { app, requests }
}

async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('a request is logged once, without its query and headers', async (t) => {
  const { app, requests } = build(t)
  app.get('/hosts/:name', async () => ({}))
  await app.inject({ url: '/hosts/R1?token=hunter2', headers: { authorization: 'Basic hunter2' } })
  await app.inject({ url: '/nowhere' })
  t.equal(requests().length, 2)
  t.match(requests()[0], { level: 'info', method: 'GET', path: '/hosts/R1', status: 200 })
  t.match(requests()[1], { status: 404 })
  t.notMatch(JSON.stringify(requests()), /hunter2/)
})

t.test('nobody outside chooses a request id or a client address', async (t) => {
  const { app } = build(t)
  app.get('/', async (incoming) => ({ id: incoming.id, ip: incoming.ip }))
  const headers = { 'request-id': 'mine', 'x-request-id': 'mine', 'x-forwarded-for': '10.1.1.1' }
  const [first, second] = [await app.inject({ url: '/', headers }), await app.inject({ url: '/', headers })]
  t.match(first.json().id, /^[0-9a-f-]{36}$/)
  t.not(first.json().id, second.json().id)
  t.equal(first.json().ip, '127.0.0.1')
})

t.test('a long name of many encoded characters reaches its route', async (t) => {
  const { app } = build(t)
  app.get('/hosts/:name', async (incoming) => incoming.params)
  const name = '路'.repeat(300)
  const response = await app.inject({ url: `/hosts/${encodeURIComponent(name)}` })
  t.same(response.json(), { name })
})

t.test('keys and types of a body are left as they came', async (t) => {
  const { app } = build(t)
  const body = { type: 'object', properties: { count: { type: 'integer' } }, additionalProperties: false }
  app.post('/', { schema: { body } }, async (incoming) => incoming.body ?? {})
  t.equal((await app.inject({ method: 'POST', url: '/', payload: { count: '1' } })).statusCode, 400)
  t.equal((await app.inject({ method: 'POST', url: '/', payload: { more: 1 } })).statusCode, 400)
  t.equal((await app.inject({ method: 'POST', url: '/', payload: { count: 1 } })).statusCode, 200)
})

t.test('the body limit is the one of the contract unless another is given', async (t) => {
  const { app } = build(t)
  app.post('/', async () => 'ok')
  const payload = JSON.stringify('x'.repeat(2 * 1024 * 1024))
  const headers = { 'content-type': 'application/json' }
  t.equal((await app.inject({ method: 'POST', url: '/', headers, payload })).statusCode, 200)
  const small = build(t, { bodyLimit: 1_024 }).app
  small.post('/', async () => 'ok')
  t.equal((await small.inject({ method: 'POST', url: '/', headers, payload })).statusCode, 413)
})

t.test('what Fastify answers outside of every handler is answered by the given hooks', async (t) => {
  const { app } = build(t, {
    frameworkErrors(error, _request, reply) {
      reply.raw.statusCode = 400
      reply.raw.end(JSON.stringify({ envelope: error.code }))
    },
    clientErrorHandler: (_error, socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 8\r\nConnection: close\r\n\r\nenvelope')
    },
  })
  app.get('/hosts/:name', async () => ({}))
  t.same((await app.inject({ url: '/hosts/%' })).json(), { envelope: 'FST_ERR_BAD_URL' })
  const socket = connect(await listen(app), '127.0.0.1')
  socket.end('this is not HTTP\r\n\r\n')
  const [chunk] = await once(socket, 'data')
  t.match(String(chunk), /envelope$/)
  await once(socket, 'close')
})

t.test('a client that goes away is logged once', async (t) => {
  const { app, requests } = build(t)
  let abort: (() => void) | undefined
  const over = new Promise<void>((resolve) => {
    app.addHook('onRequestAbort', async (_incoming) => resolve())
  })
  app.get('/slow', async (_incoming, reply) => {
    const closed = once(reply.raw, 'close')
    abort?.()
    await closed
    return 'too late'
  })
  const port = await listen(app)
  const outgoing = request({ host: '127.0.0.1', port, path: '/slow' })
  const failed = new Promise((resolve) => outgoing.once('error', resolve))
  abort = () => outgoing.destroy(new Error('gone'))
  outgoing.end()
  await Promise.all([failed, over])
  await app.close()
  t.equal(requests().length, 1)
  t.match(requests()[0], { msg: 'request aborted by the client', path: '/slow' })
})

t.test('an idle connection does not hold up a stop', async (t) => {
  const { app } = build(t)
  app.get('/', async () => 'ok')
  const socket = connect(await listen(app), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  const closed = once(socket, 'close')
  await app.close()
  await closed
  t.pass()
})

t.test('HTTPS is served with a certificate', async (t) => {
  t.throws(() => build(t, { tls: { cert: 'no certificate', key: 'no key' } }), /PEM|no start line/i)
})

t.test('health tells whether the process lives, and by service whether it can work', async (t) => {
  const { app, requests } = build(t)
  const states = { live: true, inventory: true }
  const checks = {
    live: () => states.live,
    ready: {
      inventory: () => states.inventory,
      scheduler: async () => true,
    },
  }
  await app.register(healthRoutes({ name: 'standalone', ...checks, metrics: createMetrics() }))
  t.match(await app.inject('/healthz'), { statusCode: 200, body: '{"name":"standalone","status":"live"}' })
  const ready = await app.inject('/readyz')
  t.equal(ready.statusCode, 200)
  t.equal(ready.headers['cache-control'], 'no-store')
  const services = { inventory: 'ready', scheduler: 'ready' }
  t.same(ready.json(), { name: 'standalone', status: 'ready', services })
  states.inventory = false
  const notReady = await app.inject('/readyz')
  t.equal(notReady.statusCode, 503)
  t.same(notReady.json().services, { inventory: 'not ready', scheduler: 'ready' })
  t.equal(
    (await app.inject('/healthz')).statusCode,
    200,
    'a service that is not ready is no reason to restart',
  )
  states.live = false
  t.equal((await app.inject('/healthz')).statusCode, 503)
  t.ok(requests().every((line) => line['level'] === 'debug'))
})

t.test('a check that throws, or does not answer, is a no', async (t) => {
  const { app } = build(t)
  const ready = {
    throws: () => {
      throw new Error('broken')
    },
    rejects: async () => {
      throw new Error('broken')
    },
    hangs: () => new Promise<boolean>(() => undefined),
  }
  const metrics = createMetrics()
  await app.register(healthRoutes({ name: 'x', live: () => true, ready, metrics, checkTimeoutMs: 5 }))
  const response = await app.inject('/readyz')
  t.equal(response.statusCode, 503)
  const services = { throws: 'not ready', rejects: 'not ready', hangs: 'not ready' }
  t.same(response.json().services, services)
})

t.test('metrics are for peers on this machine only', async (t) => {
  const { app } = build(t)
  await app.register(healthRoutes({ name: 'x', live: () => true, ready: {}, metrics: createMetrics() }))
  for (const remoteAddress of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
    const response = await app.inject({ url: '/metrics', remoteAddress })
    t.equal(response.statusCode, 200, remoteAddress)
    t.match(response.body, /process_resident_memory_bytes \d/)
  }
  for (const remoteAddress of ['10.0.0.1', '::ffff:10.0.0.1', '1.127.0.0', '127.0.0.1.example', '::2', '']) {
    const headers = { 'x-forwarded-for': '127.0.0.1' }
    const response = await app.inject({ url: '/metrics', remoteAddress, headers })
    // An empty address becomes inject's default, loopback.
    t.equal(response.statusCode, remoteAddress === '' ? 200 : 404, remoteAddress)
  }
})

t.test('a verified token is remembered until it expires or its key is another one', async (t) => {
  const claims = (exp: number): TokenClaims => ({
    sub: 'root',
    privilege: 'Admin',
    epoch: 0,
    iat: 0,
    exp,
    jti: 'j',
    iss: tokenIssuer,
    aud: tokenAudience,
  })
  let pem: string | undefined = 'first'
  const tokens = createVerifiedTokens({ find: async () => pem })
  const key = { kid: 'k1', pem: 'first' }
  const later = claims(Date.now() / 1_000 + 3_600)
  tokens.remember('good', later, key)
  tokens.remember('expired', claims(Date.now() / 1_000 - 1), key)
  t.equal(await tokens.find('good'), later)
  t.equal(await tokens.find('goo'), undefined)
  t.equal(await tokens.find('expired'), undefined)
  for (const changed of ['second', undefined]) {
    tokens.remember('good', later, key)
    pem = changed
    t.equal(await tokens.find('good'), undefined, 'the key is another one, or gone')
    pem = 'first'
    t.equal(await tokens.find('good'), undefined, 'and it is verified anew')
  }
  for (let n = 0; n < 5_000; n += 1) tokens.remember(`token ${n}`, later, key)
  t.equal(await tokens.find('token 0'), undefined, 'the oldest make room')
  t.equal(await tokens.find('token 4999'), later)
})
