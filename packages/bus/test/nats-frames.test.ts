// What travels on the wire: headers, frames, peers that do not keep to the protocol, replicas in other processes.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createError, inboxSubject } from '@slipway/contracts'
import { freePort, haveNatsServer, until } from '@slipway/test-kit'
import { Empty, type Msg } from 'nats'
import t from 'tap'
import { frameSize } from '../src/index.ts'
import {
  anything,
  codeOf,
  deferred,
  happened,
  headersOf,
  openPair,
  rawClient,
  startNats,
} from './nats-support.ts'

/** Text that deflate makes no smaller than three quarters. */
const noise = (bytes: number) => randomBytes(bytes).toString('base64')

if (haveNatsServer(t)) {
  t.test('caller, request id, deadline and errors stand in headers of one line', async (t) => {
    const nats = await startNats(t)
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const raw = await rawClient(t, nats.url)
    const seen: Msg[] = []
    raw.subscribe('slipway.>', { callback: (_error, message) => seen.push(message) })
    await raw.flush()
    server.serve(anything, async () => {
      throw createError('INVENTORY_HOST_NOT_FOUND', ['a\r\nb'])
    })
    await hub.flush()
    const caller = { username: 'Žofie\r\n', privilege: 'Admin' } as const
    const options = { caller, requestId: 'r-1', timeoutMs: 4_321 }
    t.equal(await codeOf(client.request(anything, 1, options)), 'INVENTORY_HOST_NOT_FOUND')
    await raw.flush()
    const [question, answer] = seen
    t.equal(question?.headers?.get('Slipway-Request-Id'), 'r-1')
    t.equal(question?.headers?.get('Slipway-Timeout-Ms'), '4321')
    t.same(JSON.parse(question?.headers?.get('Slipway-Caller') ?? ''), caller)
    t.match(question?.reply, /^slipway\.inbox\.gateway\./)
    t.equal(answer?.subject, question?.reply)
    t.equal(answer?.headers?.get('Nats-Service-Error-Code'), 'INVENTORY_HOST_NOT_FOUND')
    t.match(answer?.headers?.get('Nats-Service-Error'), /^Host 'a {2}b' does not exist/)
  })

  t.test('large questions and answers of several senders do not mix', async (t) => {
    const nats = await startNats(t)
    const { hub, server } = await openPair(t, { servers: nats.url })
    const replica = await hub.connect('inventory')
    for (const bus of [server, replica]) bus.serve(anything, async (payload) => payload)
    const clients = await Promise.all([1, 2, 3].map(() => hub.connect('gateway')))
    await hub.flush()
    const same = clients.flatMap((client) =>
      [1, 2].map(async () => {
        const text = noise(1_500_000)
        return (await client.request(anything, text)) === text
      }),
    )
    t.same(await Promise.all(same), [true, true, true, true, true, true])
  })

  t.test('frames are as small as the server wants them', async (t) => {
    const nats = await startNats(t, { config: 'max_payload: 65536' })
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const heard = deferred<unknown>()
    server.serve(anything, async (payload) => payload)
    server.subscribe(happened, (payload) => heard.resolve(payload))
    await hub.flush()
    for (const bytes of [40_000, 46_000, 300_000]) {
      const text = noise(bytes)
      t.ok((await client.request(anything, text)) === text, `${bytes} bytes`)
    }
    const text = noise(100_000)
    client.publish(happened, text)
    t.ok((await heard.promise) === text, 'an event too')
  })

  t.test('what is larger than a server takes at all is refused before it is sent', async (t) => {
    const nats = await startNats(t, { config: 'max_payload: 8192' })
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const asked: unknown[] = []
    server.serve(anything, async (payload) => {
      asked.push(payload)
      return noise(7_000)
    })
    await hub.flush()
    t.equal(await codeOf(client.request(anything, noise(7_000))), 'BUS_TOO_LARGE')
    client.publish(happened, noise(7_000))
    t.match(await hub.said('An event was not sent'), { details: { err: { code: 'BUS_TOO_LARGE' } } })
    t.same(asked, [])
    t.equal(await codeOf(client.request(anything, 1)), 'BUS_TOO_LARGE', 'an answer too')
    t.equal(client.connected && server.connected, true)
  })

  t.test('lost frames end with the deadline and hold nothing after it', async (t) => {
    const nats = await startNats(t)
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const raw = await rawClient(t, nats.url)
    const asked: unknown[] = []
    const registration = server.serve(anything, async (payload) => {
      asked.push(payload)
      return payload
    })
    await hub.flush()
    const inbox = inboxSubject('gateway', 'raw')
    const goAhead = deferred()
    raw.subscribe(inbox, { callback: () => goAhead.resolve() })
    raw.publish(anything.subject, Empty, {
      reply: inbox,
      headers: headersOf({ 'Slipway-Frames': '2', 'Slipway-Timeout-Ms': '50' }),
    })
    await goAhead.promise
    await registration.drain()
    t.same(asked, [], 'the registration ends when the last half question is forgotten')

    const answer = headersOf({ 'Slipway-Frame': '0/2' })
    raw.subscribe(anything.subject, {
      callback: (_error, message) => message.respond(new Uint8Array(frameSize), { headers: answer }),
    })
    await raw.flush()
    t.equal(await codeOf(client.request(anything, 1, { timeoutMs: 50 })), 'BUS_TIMEOUT')
  })

  t.test('an event with lost frames is lost, the next one is heard', async (t) => {
    const nats = await startNats(t)
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const raw = await rawClient(t, nats.url)
    const heard = deferred<unknown>()
    server.subscribe(happened, (payload) => heard.resolve(payload))
    await hub.flush()
    for (const [frame, message] of [
      ['1/2', 'began before'],
      ['0/2', 'never ends'],
      ['0/x', 'no frame'],
      ['5/2', 'out of range'],
    ] as const) {
      const headers = headersOf({ 'Slipway-Frame': frame, 'Slipway-Message': message })
      raw.publish(happened.subject, new Uint8Array(frameSize), { headers })
    }
    await raw.flush()
    client.publish(happened, 'whole')
    t.equal(await heard.promise, 'whole')
  })

  t.test('peers that break the protocol are answered or ignored, and harm nobody', async (t) => {
    const nats = await startNats(t)
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const raw = await rawClient(t, nats.url)
    server.serve(anything, async (payload) => payload)
    await hub.flush()
    const ask = async (data: string | Uint8Array, values: Record<string, string>): Promise<string> => {
      const answer = await raw.request(anything.subject, data, {
        timeout: 5_000,
        headers: headersOf(values),
        noMux: true,
        reply: inboxSubject('gateway', 'raw', randomBytes(4).toString('hex')),
      })
      return answer.headers?.get('Nats-Service-Error-Code') ?? ''
    }
    raw.publish(anything.subject, 'nobody could be answered')
    t.equal(await ask('{', {}), 'BUS_INVALID_PAYLOAD')
    t.equal(await ask('1', { 'Slipway-Encoding': 'unknown' }), 'BUS_INVALID_PAYLOAD')
    t.equal(await ask('1', { 'Slipway-Encoding': 'deflate' }), 'BUS_INVALID_PAYLOAD')
    t.equal(await ask('1', { 'Slipway-Caller': 'root', 'Slipway-Timeout-Ms': 'soon' }), '')
    t.equal(await client.request(anything, 'still there'), 'still there')
  })

  t.test('frames that contradict each other are answered with an error', async (t) => {
    const nats = await startNats(t)
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const raw = await rawClient(t, nats.url)
    const registration = server.serve(anything, async (payload) => payload)
    await hub.flush()
    const code = deferred<string>()
    const inbox = inboxSubject('gateway', 'raw')
    raw.subscribe(inbox, {
      callback: (_error, message) => {
        if (message.headers?.has('Slipway-Proceed') === true) {
          for (const frame of ['0/2', '1/3']) {
            raw.publish(message.reply ?? '', new Uint8Array(10), {
              headers: headersOf({ 'Slipway-Frame': frame }),
            })
          }
        } else code.resolve(message.headers?.get('Nats-Service-Error-Code') ?? '')
      },
    })
    raw.publish(anything.subject, Empty, { reply: inbox, headers: headersOf({ 'Slipway-Frames': '2' }) })
    t.equal(await code.promise, 'BUS_INVALID_PAYLOAD')
    await registration.drain()
    raw.subscribe(anything.subject, {
      callback: (_error, message) => {
        for (const frame of ['0/2', '1/3']) {
          message.respond(new Uint8Array(10), { headers: headersOf({ 'Slipway-Frame': frame }) })
        }
      },
    })
    await raw.flush()
    t.equal(await codeOf(client.request(anything, 1)), 'BUS_INVALID_PAYLOAD')
  })

  t.test('a responder that is gone before the frames come is told at once', async (t) => {
    const nats = await startNats(t)
    const { client } = await openPair(t, { servers: nats.url })
    const raw = await rawClient(t, nats.url)
    const headers = headersOf({ 'Slipway-Proceed': 'yes' })
    raw.subscribe(anything.subject, {
      callback: (_error, { reply = '' }) =>
        raw.publish(reply, Empty, { headers, reply: inboxSubject('inventory', 'gone') }),
    })
    await raw.flush()
    t.equal(await codeOf(client.request(anything, noise(frameSize))), 'BUS_UNAVAILABLE')
  })

  t.test('half questions cannot fill the memory', async (t) => {
    const nats = await startNats(t)
    const { hub, server } = await openPair(t, { servers: nats.url })
    const raw = await rawClient(t, nats.url)
    server.serve(anything, async (payload) => payload)
    await hub.flush()
    const inbox = inboxSubject('gateway', 'raw')
    const answers: string[] = []
    const refused = deferred()
    raw.subscribe(inbox, {
      callback: (_error, message) => {
        answers.push(message.headers?.get('Nats-Service-Error-Code') ?? '')
        if (answers.at(-1) !== '') refused.resolve()
      },
    })
    for (let sent = 0; sent < 65; sent++) {
      raw.publish(anything.subject, Empty, { reply: inbox, headers: headersOf({ 'Slipway-Frames': '64' }) })
    }
    await refused.promise
    t.equal(answers.filter((code) => code === '').length, 64)
    t.equal(answers.at(-1), 'BUS_UNAVAILABLE')
  })

  t.test(
    'replicas in two processes share the questions; one that is killed leaves them to the other',
    async (t) => {
      const monitor = await freePort()
      const nats = await startNats(t, { config: `http: 127.0.0.1:${monitor}` })
      const { hub, server, client } = await openPair(t, { servers: nats.url })
      server.serve(anything, async () => process.pid)
      const file = fileURLToPath(new URL('fixtures/replica.mjs', import.meta.url))
      const child = spawn(process.execPath, [...process.execArgv, file, nats.url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.teardown(() => child.kill('SIGKILL'))
      const exited = once(child, 'exit')
      await once(child.stdout, 'data')
      await hub.flush()
      const ask = async (count: number) => {
        const pids = Array.from({ length: count }, () => client.request(anything, 1))
        return new Set(await Promise.all(pids))
      }
      t.same([...(await ask(60))].sort(), [process.pid, child.pid].sort())
      child.kill('SIGKILL')
      await exited
      const connections = async (): Promise<number> => {
        const url = `http://127.0.0.1:${monitor}/connz`
        const body: unknown = await (await fetch(url, { headers: { connection: 'close' } })).json()
        return (body as { num_connections: number }).num_connections
      }
      await until(async () => (await connections()) === 2, { message: 'NATS knows that it is gone' })
      t.same([...(await ask(20))], [process.pid])
    },
  )
}
