// A service as its own process: its link to a supervisor, its settings, its HTTP. The whole runs in the tests of
// deploy/cluster.
import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createError } from '@slipway/contracts'
import t from 'tap'
import { openDatabase } from '../src/database-at-start.ts'
import { createLogger, createMetrics, linkToSupervisor, type SupervisorNews } from '../src/index.ts'
import { natsOptions } from '../src/nats-options.ts'
import { startProcessServer } from '../src/process-server.ts'
import { loadProcessSettings } from '../src/process-settings.ts'

const log = createLogger({ service: 'test', level: 'silent' })

/** A process that plays a child; `told` is what it said to its supervisor. */
function fakeChild() {
  const told: SupervisorNews[] = []
  const emitter = new EventEmitter()
  const child = {
    connected: true,
    send: (news: SupervisorNews) => told.push(news),
    on: (event: string, listener: () => void) => emitter.on(event, listener),
    off: (event: string, listener: () => void) => emitter.off(event, listener),
    exit: () => undefined,
  }
  return { child, emitter, told }
}

t.test('below a supervisor Ctrl-C is left to it, and its death is a wish to stop', (t) => {
  const { child, emitter, told } = fakeChild()
  const link = linkToSupervisor(child)
  const wishes: string[] = []
  const onInt = () => wishes.push('SIGINT')
  const onTerm = () => wishes.push('SIGTERM')
  link.process.on('SIGINT', onInt)
  link.process.on('SIGTERM', onTerm)
  t.equal(emitter.emit('SIGINT'), true, 'it is heard, so that it does not end the process')
  t.same(wishes, [])
  emitter.emit('disconnect')
  t.same(wishes, ['SIGTERM'])
  emitter.emit('disconnect')
  t.same(wishes, ['SIGTERM'], 'once')
  link.tell({ kind: 'failed', message: 'm' })
  child.connected = false
  link.tell({ kind: 'failed', message: 'n' })
  t.same(told, [{ kind: 'failed', message: 'm' }])
  link.process.off('SIGINT', onInt)
  link.process.off('SIGTERM', onTerm)
  t.same(emitter.eventNames(), [])
  t.end()
})

t.test('a supervisor that dies after it asked for the stop is no second wish', (t) => {
  const { child, emitter } = fakeChild()
  let wishes = 0
  linkToSupervisor(child).process.on('SIGTERM', () => {
    wishes += 1
  })
  emitter.emit('SIGTERM')
  emitter.emit('disconnect')
  t.equal(wishes, 1)
  t.end()
})

t.test('settings: what is needed is asked for, what is secret is not shown', (t) => {
  const options = { defaultPort: 5_002, hasDatabase: true }
  try {
    loadProcessSettings('inventory', options, { NATS_URL: '', INVENTORY_PORT: 'x' })
    t.fail('they were accepted')
  } catch (error) {
    t.match(error, { code: 'CONFIG_INVALID', message: /NATS_URL is not set/ })
    t.match(error, { message: /INVENTORY_DATABASE_URL is not set/ })
    t.match(error, { message: /INVENTORY_PORT 'x' is not an integer/ })
  }
  const settings = loadProcessSettings(
    'gateway',
    { defaultPort: undefined, hasDatabase: false },
    {
      NATS_URL: 'tls://n:4222',
      HOST: '0.0.0.0',
      NATS_TLS_CA: '/ca.pem',
      NATS_CREDS_FILE: '/gateway.creds',
      SLIPWAY_INSTANCE: 'gateway-1',
    },
  )
  t.equal(settings.port, undefined)
  t.equal(settings.host, '127.0.0.1', 'the internal HTTP is not where users are')
  t.same(natsOptions(settings), {
    servers: 'tls://n:4222',
    name: 'gateway-1',
    credsFile: '/gateway.creds',
    tls: { ca: '/ca.pem' },
  })
  t.end()
})

t.test('a database that cannot be reached is waited for; other trouble is not', async (t) => {
  const attempts: string[] = []
  const failures = [Object.assign(new Error('no'), { code: 'ECONNREFUSED' })]
  const service = {
    name: 'auth',
    databaseFolder: '/nowhere',
    async migrate({ migrationsDir }: { migrationsDir: string }) {
      attempts.push(migrationsDir)
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return []
    },
  }
  const open = () =>
    openDatabase({ service, url: 'postgresql://h/d', log, signal: new AbortController().signal })
  t.equal(await open(), 'postgresql://h/d')
  t.same(attempts, ['/nowhere/prisma/migrations', '/nowhere/prisma/migrations'])
  failures.push(Object.assign(new Error('edited'), { code: 'DATABASE_MIGRATION_EDITED' }))
  await t.rejects(open(), { code: 'DATABASE_MIGRATION_EDITED' })
})

t.test('its HTTP answers probes before the service runs, and byte routes once it does', async (t) => {
  let running = false
  const health = {
    name: 'executor',
    live: () => true,
    ready: { executor: () => running },
    metrics: createMetrics(),
  }
  const logged: Record<string, unknown>[] = []
  const log = createLogger({
    service: 'executor',
    level: 'info',
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  })
  const server = await startProcessServer({
    log,
    health,
    host: '127.0.0.1',
    port: 0,
    trustedProxies: ['127.0.0.1'],
  })
  t.teardown(() => server.close())
  const get = async (path: string) => {
    const answer = await fetch(`${server.address}${path}`)
    return { status: answer.status, body: await answer.text() }
  }
  t.match(await get('/healthz'), { status: 200 })
  t.match(await get('/readyz'), { status: 503 })
  t.match(await get('/bytes/1'), { status: 404 })
  await server.mount(async (app) => {
    app.get('/who', async ({ ip }) => ip)
    app.get('/bytes/:id', async (request) => {
      const { id } = request.params as { id: string }
      if (id === '2') throw createError('EXECUTOR_LOG_NOT_FOUND', [id])
      return `bytes of ${id}`
    })
  })
  running = true
  t.match(await get('/readyz'), { status: 200 })
  t.match(await get('/bytes/1'), { status: 200, body: 'bytes of 1' })
  t.match(await get('/bytes/2'), { status: 400, body: /"code":"EXECUTOR_LOG_NOT_FOUND".*"params":\["2"\]/ })

  const headers = { 'x-forwarded-for': '192.0.2.1, 10.9.9.9' }
  const who = await (await fetch(`${server.address}/who`, { headers })).text()
  t.equal(who, '10.9.9.9', 'a trusted proxy says for whom it asks; what its client wrote does not count')

  const requestId = '0198f0a2-1111-7222-8333-444455556666'
  const ask = (id: string) => fetch(`${server.address}/bytes/3`, { headers: { 'x-request-id': id } })
  await (await ask(requestId)).text()
  await (await ask('anything a stranger likes')).text()
  const ids = logged.filter(({ path }) => path === '/bytes/3').map((line) => line['requestId'])
  t.equal(ids[0], requestId, 'the id of the request at the gateway stands in the log here')
  t.match(ids[1], /^[0-9a-f-]{36}$/, 'but nothing that is not one')
  t.equal(ids.length, 2, 'one line each')
})

t.test(
  'while its HTTP closes, what is under way ends, and clients hear that the connection does',
  async (t) => {
    const health = { name: 'executor', live: () => true, ready: {}, metrics: createMetrics() }
    const server = await startProcessServer({ log, health, host: '127.0.0.1', port: 0 })
    const asked = new EventEmitter()
    await server.mount(async (app) => {
      app.get('/slow', async () => {
        asked.emit('slow')
        await once(asked, 'other')
        return 'late'
      })
      app.get('/other', async () => {
        asked.emit('other')
        return 'meanwhile'
      })
    })
    const isRefused = () =>
      fetch(`${server.address}/healthz`).then(
        () => false,
        () => true,
      )
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1')
    const answers = text(socket)
    const underWay = once(asked, 'slow')
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
    await underWay
    const closed = server.close()
    while (!(await isRefused())) t.comment('it is closing')
    socket.write('GET /other HTTP/1.1\r\nHost: x\r\n\r\n')
    await closed
    const [first, second] = (await answers).split('late')
    t.match(first, /^HTTP\/1.1 200 /)
    t.match(second, /^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*\r\n\r\nmeanwhile$/i)
  },
)
