// What every transport must do. Each transport's test runs this suite with a way to open a hub of its own.
import { randomBytes } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import {
  type Caller,
  type Context,
  createError,
  defineDelivery,
  defineEvent,
  defineRpc,
  hasCode,
  privileges,
  strict,
} from '@slipway/contracts'
import { assertNoLeaks } from '@slipway/test-kit'
import type { Test } from 'tap'
import { type Bus, type BusLog, type ConnectBus, jsonText } from '../src/index.ts'

/** A transport under test: several buses that can reach each other. */
export interface ConformanceHub {
  connect: ConnectBus
  /** Resolves when all registrations made so far are in effect for every bus. */
  settle(): Promise<void>
  close(): Promise<void>
}
export type OpenHub = (options: { log: BusLog }) => Promise<ConformanceHub>

const echo = defineRpc('inventory', 'probe.echo', {
  request: strict({ text: Type.String(), count: Type.Optional(Type.Integer()) }),
  reply: strict({ text: Type.String() }),
  permission: 'internal',
  // Far longer than a test: what fails "at once" must not be taken for a deadline.
  timeoutMs: 60_000,
})
const relayed = defineRpc('scheduler', 'probe.relay', {
  request: strict({}),
  reply: strict({ username: Type.String(), requestId: Type.String() }),
  permission: 'read',
})
const manage = defineRpc('inventory', 'probe.manage', {
  request: strict({}),
  reply: strict({ username: Type.String(), requestId: Type.String() }),
  permission: 'inventory.manage',
})
const openTo = (service: Context) =>
  defineRpc(service, 'probe.open', {
    request: Type.Unknown(),
    reply: Type.Unknown(),
    permission: 'internal',
  })
const open = openTo('inventory')
const openAuth = openTo('auth')
const openScheduler = openTo('scheduler')
const noticed = defineEvent('gateway', 'probe.noticed', strict({ number: Type.Integer() }))
const record = defineDelivery('inventory', 'probe.record', strict({ number: Type.Integer() }))

const admin: Caller = { username: 'root', privilege: 'Admin' }

interface LogLine {
  level: 'warn' | 'error'
  details: Record<string, unknown>
  message: string
}

function deferred<T = void>() {
  let settle: ((value: T) => void) | undefined
  const promise = new Promise<T>((resolve) => {
    settle = resolve
  })
  return { promise, resolve: (value: T) => settle?.(value) }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason)
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })
}

/** The code with which a promise is rejected, 'none' if it is not. */
async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return 'none'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

/** Runs the suite as subtests of `t`. */
export function busConformance(t: Test, openHub: OpenHub): void {
  async function setUp(t: Test) {
    assertNoLeaks(t)
    const lines: LogLine[] = []
    const log: BusLog = {
      warn: (details, message) => lines.push({ level: 'warn', details: { ...details }, message }),
      error: (details, message) => lines.push({ level: 'error', details: { ...details }, message }),
    }
    const hub = await openHub({ log })
    t.teardown(() => hub.close())
    const connect = (service: Context): Promise<Bus> => hub.connect(service)
    return { connect, settle: () => hub.settle(), lines }
  }

  /** A service that serves and a client that asks. */
  async function pair(t: Test) {
    const rest = await setUp(t)
    return { ...rest, server: await rest.connect('inventory'), client: await rest.connect('gateway') }
  }

  t.test('a question is answered', async (t) => {
    const { server, client, settle, lines } = await pair(t)
    server.serve(echo, async ({ text, count }) => ({ text: text.repeat(count ?? 1) }))
    await settle()
    t.same(await client.request(echo, { text: 'ab', count: 2 }), { text: 'abab' })
    t.same(await client.request(echo, { text: 'ü\u0000😀"\\' }), { text: 'ü\u0000😀"\\' })
    t.same(await server.request(echo, { text: 'to itself' }), { text: 'to itself' })
    t.equal(client.connected, true)
    t.same(lines, [])
  })

  t.test('neither side sees what the other does to a value', async (t) => {
    const { server, client, settle } = await pair(t)
    const seen: unknown[] = []
    server.serve(echo, async (payload) => {
      seen.push({ ...payload })
      payload.text = 'changed by the handler'
      return { text: 'ok' }
    })
    await settle()
    const payload = { text: 'as sent' }
    const reply = client.request(echo, payload)
    payload.text = 'changed after the request'
    await reply
    t.same(seen, [{ text: 'as sent' }])
    t.same(payload, { text: 'changed after the request' })
  })

  t.test('no handler runs in the turn of the caller', async (t) => {
    const { server, client, settle } = await pair(t)
    const ran: string[] = []
    const heard = deferred()
    server.serve(echo, async () => {
      ran.push('request')
      return { text: '' }
    })
    server.subscribe(noticed, () => {
      ran.push('event')
      heard.resolve()
    })
    await settle()
    const reply = client.request(echo, { text: '' })
    client.publish(noticed, { number: 1 })
    for (let microtask = 0; microtask < 20; microtask++) await Promise.resolve()
    t.same(ran, [], 'not even in a microtask')
    await Promise.all([reply, heard.promise])
    t.same([...ran].sort(), ['event', 'request'])
  })

  t.test('a question nobody serves fails at once', async (t) => {
    const { client } = await pair(t)
    t.equal(await codeOf(client.request(echo, { text: '' })), 'BUS_NO_RESPONDER')
    t.equal(await codeOf(client.deliver(record, 'd1', { number: 1 })), 'BUS_NO_RESPONDER')
  })

  t.test('a request ends at its deadline, and its handler is told', async (t) => {
    const { server, client, settle, lines } = await pair(t)
    const told = deferred<unknown>()
    server.serve(echo, async (_payload, { signal }) => {
      told.resolve(await aborted(signal))
      return { text: 'too late' }
    })
    await settle()
    t.equal(await codeOf(client.request(echo, { text: '' }, { timeoutMs: 30 })), 'BUS_TIMEOUT')
    t.ok(hasCode(await told.promise, 'BUS_TIMEOUT'), 'the signal says why')
    t.same(lines, [], 'a late answer is no event for the log')
  })

  t.test('a caller may stop waiting', async (t) => {
    const { server, client, settle } = await pair(t)
    const running = deferred()
    server.serve(echo, async (_payload, { signal }) => {
      running.resolve()
      await aborted(signal)
      return { text: '' }
    })
    await settle()
    const controller = new AbortController()
    const reply = codeOf(client.request(echo, { text: '' }, { signal: controller.signal }))
    await running.promise
    controller.abort(createError('SCHEDULER_HOST_BUSY'))
    t.equal(await reply, 'SCHEDULER_HOST_BUSY', 'a reason with a code is the error')
    const gone = AbortSignal.abort()
    t.equal(await codeOf(client.request(echo, { text: '' }, { signal: gone })), 'BUS_TIMEOUT')
  })

  t.test('an error of the catalogue comes back as it was thrown', async (t) => {
    const { server, client, settle, lines } = await pair(t)
    server.serve(echo, async ({ text }) => {
      throw createError('INVENTORY_HOST_NOT_FOUND', [text])
    })
    await settle()
    const text = 'ü\r\nX: 1'
    const error = await client.request(echo, { text }).catch((thrown: unknown) => thrown)
    t.ok(hasCode(error, 'INVENTORY_HOST_NOT_FOUND'))
    t.match(error, { kind: 'Input', retryable: false, params: [text] })
    t.match(error, { message: `Host '${text}' does not exist in the database.` })
    t.same(lines, [], 'it is an answer like any other')
  })

  t.test('an unknown error comes back without its text and is logged once', async (t) => {
    const { server, client, settle, lines } = await pair(t)
    const failure = new Error('relation "host" does not exist', { cause: new Error('42P01') })
    server.serve(echo, async () => {
      throw failure
    })
    await settle()
    const error = await client.request(echo, { text: '' }, { requestId: 'r-7' }).catch((thrown) => thrown)
    t.ok(hasCode(error, 'INTERNAL_UNEXPECTED'))
    t.notMatch(JSON.stringify([error.message, error.cause ?? '']), /relation|42P01/)
    t.equal(lines.length, 1)
    t.match(lines[0], { level: 'error', details: { subject: echo.subject, requestId: 'r-7' } })
    t.equal(lines[0]?.details['err'], failure)
  })

  t.test('a known error with a cause is logged where its cause is known', async (t) => {
    const { server, client, settle, lines } = await pair(t)
    server.serve(echo, async () => {
      throw createError('BUS_UNAVAILABLE', [], new Error('connection refused'))
    })
    await settle()
    t.equal(await codeOf(client.request(echo, { text: '' })), 'BUS_UNAVAILABLE')
    t.match(lines, [{ level: 'warn' }])
  })

  t.test('an error that passes through a second service is logged by the first only', async (t) => {
    const { server, client, connect, settle, lines } = await pair(t)
    const middle = await connect('scheduler')
    server.serve(echo, async () => {
      throw new Error('broken')
    })
    middle.serve(openScheduler, async () => middle.request(echo, { text: '' }))
    await settle()
    t.equal(await codeOf(client.request(openScheduler, {})), 'INTERNAL_UNEXPECTED')
    t.equal(lines.length, 1)
  })

  t.test('replicas of a service share its questions', async (t) => {
    const { server, client, connect, settle } = await pair(t)
    const replica = await connect('inventory')
    const counts = { first: 0, second: 0 }
    server.serve(echo, async ({ text }) => {
      counts.first++
      return { text }
    })
    replica.serve(echo, async ({ text }) => {
      counts.second++
      return { text }
    })
    await settle()
    const texts = Array.from({ length: 100 }, (_, index) => String(index))
    const replies = await Promise.all(texts.map((text) => client.request(echo, { text })))
    t.same(
      replies.map((reply) => reply.text),
      texts,
    )
    t.equal(counts.first + counts.second, 100, 'each is answered once')
    t.ok(counts.first > 0 && counts.second > 0, 'both take part')
  })

  t.test('an event reaches every subscriber, in order, each with a copy', async (t) => {
    const { server, client, connect, settle } = await pair(t)
    const replica = await connect('inventory')
    const heard = new Map<string, number[]>()
    const done: Promise<void>[] = []
    for (const [name, bus] of Object.entries({ server, replica, second: replica, publisher: client })) {
      const numbers: number[] = []
      const all = deferred()
      heard.set(name, numbers)
      done.push(all.promise)
      bus.subscribe(noticed, (payload) => {
        numbers.push(payload.number)
        payload.number = -1
        if (numbers.length === 50) all.resolve()
      })
    }
    await settle()
    const sent = Array.from({ length: 50 }, (_, index) => index)
    for (const number of sent) client.publish(noticed, { number })
    await Promise.all(done)
    for (const [name, numbers] of heard) t.same(numbers, sent, name)
  })

  t.test('a subscriber that throws is logged and hears the next event', async (t) => {
    const { server, client, settle, lines } = await pair(t)
    const last = deferred()
    server.subscribe(noticed, ({ number }) => {
      if (number === 1) throw new Error('thrown')
    })
    server.subscribe(noticed, async ({ number }) => {
      if (number === 1) throw new Error('rejected')
      last.resolve()
    })
    await settle()
    client.publish(noticed, { number: 1 })
    client.publish(noticed, { number: 2 })
    await last.promise
    t.equal(lines.length, 2)
    for (const line of lines) t.match(line, { level: 'error', details: { subject: noticed.subject } })
  })

  t.test('caller and request id travel with a request, and on where they are handed on', async (t) => {
    const { server, client, connect, settle } = await pair(t)
    const middle = await connect('scheduler')
    server.serve(manage, async (_payload, { caller, requestId }) => ({
      username: caller?.username ?? '',
      requestId,
    }))
    middle.serve(relayed, (_payload, { caller, requestId, signal }) =>
      middle.request(manage, {}, { caller, requestId, signal }),
    )
    await settle()
    const username = 'Žofie "\r\n\u2028'
    const caller: Caller = { username, privilege: 'Network Admin' }
    const reply = await client.request(relayed, {}, { caller, requestId: 'req-1' })
    t.same(reply, { username, requestId: 'req-1' })
  })

  t.test('a request without a usable request id gets one', async (t) => {
    const { server, client, settle } = await pair(t)
    const ids: string[] = []
    server.serve(echo, async (_payload, { requestId }) => {
      ids.push(requestId)
      return { text: '' }
    })
    await settle()
    await client.request(echo, { text: '' })
    await client.request(echo, { text: '' }, { requestId: 'a\r\nNats-Service-Error-Code: 1' })
    await client.request(echo, { text: '' }, { requestId: '' })
    t.equal(new Set(ids).size, 3)
    for (const id of ids) t.match(id, /^[0-9a-f-]{36}$/)
  })

  t.test('a question for users needs a caller who may ask it', async (t) => {
    const { server, client, settle } = await pair(t)
    const asked: string[] = []
    server.serve(manage, async (_payload, { caller, requestId }) => {
      asked.push(caller?.privilege ?? 'nobody')
      return { username: caller?.username ?? '', requestId }
    })
    await settle()
    t.equal(await codeOf(client.request(manage, {})), 'AUTH_NOT_AUTHORIZED')
    for (const privilege of privileges) {
      const allowed = privilege === 'Admin' || privilege === 'Network Admin'
      const code = await codeOf(client.request(manage, {}, { caller: { username: 'u', privilege } }))
      t.equal(code, allowed ? 'none' : 'AUTH_NOT_AUTHORIZED', privilege)
    }
    const forged = { username: 'u', privilege: 'Superuser' } as unknown as Caller
    t.equal(await codeOf(client.request(manage, {}, { caller: forged })), 'AUTH_NOT_AUTHORIZED')
    t.same(asked, ['Admin', 'Network Admin'], 'the handler is not asked for others')
  })

  t.test('a question among services needs no caller and shows one that is given', async (t) => {
    const { server, client, settle } = await pair(t)
    server.serve(echo, async (_payload, { caller }) => ({ text: caller?.username ?? 'nobody' }))
    await settle()
    t.same(await client.request(echo, { text: '' }), { text: 'nobody' })
    t.same(await client.request(echo, { text: '' }, { caller: admin }), { text: 'root' })
  })

  t.test('a request that breaks its contract never reaches the handler', async (t) => {
    const { server, client, settle } = await pair(t)
    let calls = 0
    server.serve(echo, async () => {
      calls++
      return { text: '' }
    })
    await settle()
    const wrong: unknown[] = [
      {},
      { text: 1 },
      { text: { password: 'hidden' } },
      { text: 'a', hidden: 'key' },
      { text: 'a', count: 1.5 },
      { text: 'a', count: Number.NaN },
      { text: 'a', count: null },
      JSON.parse('{"text":"a","__proto__":{"count":1}}'),
      ['a'],
      'a',
      null,
      undefined,
      { text: 10n },
      { text: Symbol('a') },
      new Map([['text', 'a']]),
    ]
    for (const payload of wrong) {
      const error = await client.request(echo, payload as { text: string }).catch((thrown) => thrown)
      t.equal(error.code, 'BUS_INVALID_PAYLOAD', String(error.params))
      t.notMatch(error.message, /hidden'|"hidden"/, 'values do not stand in the error')
    }
    t.equal(calls, 0)
    t.same(await client.request(echo, { text: 'a', count: undefined } as never), { text: '' })
  })

  t.test('a key __proto__ is refused also where a contract allows any key', async (t) => {
    const { server, client, settle } = await pair(t)
    server.serve(open, async (payload) => payload)
    await settle()
    const nested: unknown = JSON.parse('{"a":[{"__proto__":{"admin":true}}]}')
    t.equal(await codeOf(client.request(open, nested)), 'BUS_INVALID_PAYLOAD')
    const harmless = { text: 'say "__proto__": nothing', constructor: { prototype: 1 } }
    t.same(await client.request(open, harmless), harmless)
  })

  t.test('a reply that breaks its contract never reaches the caller', async (t) => {
    const { server, client, settle } = await pair(t)
    const replies: unknown[] = [{}, { text: 1 }, { text: 'a', more: 1 }, undefined, { text: Number.NaN }]
    let next = 0
    server.serve(echo, async () => replies[next++] as { text: string })
    await settle()
    for (const reply of replies) {
      const code = await codeOf(client.request(echo, { text: '' }))
      t.equal(code, 'BUS_INVALID_PAYLOAD', JSON.stringify(reply) ?? 'undefined')
    }
  })

  t.test('a reply may be JSON text, which is checked like any other', async (t) => {
    const { server, client, settle } = await pair(t)
    const replies: unknown[] = [
      '{"text": "as it is"}',
      '{"text":1}',
      '{"text"',
      '{"text":"a","__proto__":{}}',
    ]
    server.serve(echo, async () => jsonText(String(replies.shift())))
    await settle()
    t.same(await client.request(echo, { text: '' }), { text: 'as it is' })
    for (const _ of [...replies])
      t.equal(await codeOf(client.request(echo, { text: '' })), 'BUS_INVALID_PAYLOAD')
    replies.push(`"${'x'.repeat(32 * 1024 * 1024)}"`)
    t.equal(await codeOf(client.request(echo, { text: '' })), 'BUS_TOO_LARGE')
  })

  t.test('an event that breaks its contract is dropped and logged, the next one is heard', async (t) => {
    const { server, client, settle, lines } = await pair(t)
    const heard: number[] = []
    const last = deferred()
    server.subscribe(noticed, ({ number }) => {
      heard.push(number)
      last.resolve()
    })
    await settle()
    client.publish(noticed, { number: 'one' } as never)
    client.publish(noticed, { number: Number.POSITIVE_INFINITY })
    client.publish(noticed, { number: 2 })
    await last.promise
    t.same(heard, [2])
    t.equal(lines.length, 2)
  })

  t.test('large messages arrive whole, both ways', async (t) => {
    const { server, client, settle } = await pair(t)
    server.serve(open, async (payload) => payload)
    await settle()
    const rows = Array.from({ length: 10_000 }, (_, index) => ({
      hostname: `router-${index}`,
      roles: ['PE'],
    }))
    t.same(await client.request(open, { rows }), { rows }, 'one that shrinks when deflated')
    // Base64 of random bytes deflates to three quarters: 4 MiB of it are several frames.
    const noise = randomBytes(3 * 1024 * 1024).toString('base64')
    const reply = (await client.request(open, { noise })) as { noise: string }
    t.ok(reply.noise === noise, 'one that stays larger than a frame')
    for (const length of [65_534, 65_535, 524_286, 524_287, 1_048_576]) {
      const text = randomBytes(length)
        .toString('latin1')
        .replace(/[^ -~]/g, 'x')
        .slice(0, length)
      t.ok((await client.request(open, text)) === text, `${length} characters`)
    }
  })

  t.test('large events and deliveries arrive whole and in order', async (t) => {
    const { server, client, settle } = await pair(t)
    const bulky = defineEvent('gateway', 'probe.grown', Type.Array(Type.String()))
    const stored = defineDelivery('inventory', 'probe.store', Type.Array(Type.String()))
    const large = Array.from({ length: 30_000 }, (_, index) => `router ${index}`)
    const heard: unknown[] = []
    const both = deferred()
    server.subscribe(bulky, (payload) => {
      heard.push(payload)
      if (heard.length === 2) both.resolve()
    })
    server.receive(stored, async (_id, payload) => {
      t.same(payload, large)
    })
    await settle()
    client.publish(bulky, large)
    client.publish(bulky, ['small'])
    await both.promise
    t.same(heard, [large, ['small']])
    await client.deliver(stored, 'd-large', large)
  })

  t.test('a message over the limit is refused before it is sent', async (t) => {
    const { server, client, settle } = await pair(t)
    const huge = 'x'.repeat(32 * 1024 * 1024)
    let calls = 0
    server.serve(open, async () => {
      calls++
      return 'small'
    })
    await settle()
    t.equal(await codeOf(client.request(open, huge)), 'BUS_TOO_LARGE')
    t.equal(await codeOf(client.request(open, 'ü'.repeat(16 * 1024 * 1024))), 'BUS_TOO_LARGE')
    t.equal(calls, 0)
    t.equal(await client.request(open, huge.slice(2)), 'small', 'one of exactly 32 MiB is not')
  })

  t.test('a reply over the limit comes back as an error', async (t) => {
    const { server, client, settle } = await pair(t)
    server.serve(echo, async () => ({ text: 'x'.repeat(32 * 1024 * 1024) }))
    await settle()
    t.equal(await codeOf(client.request(echo, { text: '' })), 'BUS_TOO_LARGE')
  })

  t.test('a delivery is repeated until it is recorded; twice is once', async (t) => {
    const { server, client, settle } = await pair(t)
    const stored = new Map<string, number>()
    const attempts: string[] = []
    /** What a relay does: again until it is recorded. @returns how often it was sent */
    async function deliverUntilRecorded(id: string, number: number): Promise<number> {
      for (let attempt = 1; attempt <= 10; attempt++) {
        const code = await codeOf(client.deliver(record, id, { number }))
        attempts.push(String(code))
        if (code === 'none') return attempt
        if (attempt === 1) {
          server.receive(record, async (deliveryId, payload) => {
            if (!stored.has(deliveryId)) stored.set(deliveryId, payload.number)
            // The first time the receiver has stored it and fails before it can say so.
            if (attempts.length === 1) throw new Error('connection lost')
          })
          await settle()
        }
      }
      return Number.POSITIVE_INFINITY
    }
    t.equal(await deliverUntilRecorded('d1', 1), 3)
    t.same(attempts, ['BUS_NO_RESPONDER', 'INTERNAL_UNEXPECTED', 'none'])
    await client.deliver(record, 'd1', { number: 1 })
    await client.deliver(record, 'd2', { number: 2 })
    t.same(
      [...stored],
      [
        ['d1', 1],
        ['d2', 2],
      ],
    )
  })

  t.test('many deliveries at a time are recorded by one replica each', async (t) => {
    const { server, client, connect, settle } = await pair(t)
    const replica = await connect('inventory')
    const recorded: string[] = []
    for (const bus of [server, replica]) {
      bus.receive(record, async (id) => {
        recorded.push(id)
      })
    }
    await settle()
    const ids = Array.from({ length: 100 }, (_, index) => `d${String(index).padStart(3, '0')}`)
    await Promise.all(ids.map((id, number) => client.deliver(record, id, { number })))
    t.same([...recorded].sort(), ids)
  })

  t.test('a delivery that breaks its contract is not recorded', async (t) => {
    const { server, client, settle } = await pair(t)
    let calls = 0
    server.receive(record, async () => {
      calls++
    })
    await settle()
    const wrong = { number: 'one' } as never
    t.equal(await codeOf(client.deliver(record, 'd1', wrong)), 'BUS_INVALID_PAYLOAD')
    t.equal(await codeOf(client.deliver(record, '', { number: 1 })), 'BUS_INVALID_PAYLOAD')
    t.equal(calls, 0)
  })

  t.test('a registration that is drained finishes what runs and takes nothing new', async (t) => {
    const { server, client, settle } = await pair(t)
    const running = deferred()
    const release = deferred()
    const registration = server.serve(echo, async ({ text }) => {
      running.resolve()
      await release.promise
      return { text }
    })
    await settle()
    const first = client.request(echo, { text: 'first' })
    await running.promise
    let drained = false
    const draining = registration.drain().then(() => {
      drained = true
    })
    await settle()
    t.equal(await codeOf(client.request(echo, { text: 'second' })), 'BUS_NO_RESPONDER')
    t.equal(drained, false)
    release.resolve()
    t.same(await first, { text: 'first' })
    await draining
    t.same(await server.request(echo, { text: '' }).catch((error) => error.code), 'BUS_NO_RESPONDER')
  })

  t.test('a drained replica leaves its questions to the others', async (t) => {
    const { server, client, connect, settle } = await pair(t)
    const replica = await connect('inventory')
    const registration = server.serve(echo, async () => ({ text: 'first' }))
    replica.serve(echo, async () => ({ text: 'second' }))
    await settle()
    await registration.drain()
    const replies = await Promise.all(Array.from({ length: 20 }, () => client.request(echo, { text: '' })))
    t.ok(replies.every(({ text }) => text === 'second'))
  })

  t.test('a replica that closes under load fails no question', async (t) => {
    const { server, client, connect, settle } = await pair(t)
    const replica = await connect('inventory')
    for (const bus of [server, replica]) {
      bus.serve(echo, async ({ text }) => {
        await new Promise((resolve) => setImmediate(resolve))
        return { text }
      })
    }
    await settle()
    // More than run at a time, so that some wait for a handler when their replica closes.
    const texts = Array.from({ length: 600 }, (_, index) => String(index))
    const replies = Promise.all(texts.map((text) => client.request(echo, { text })))
    await client.request(echo, { text: 'the others are under way' })
    const [answered] = await Promise.all([replies, server.close(60_000)])
    t.same(
      answered.map(({ text }) => text),
      texts,
    )
  })

  t.test('a bus that closes lets running handlers finish and answer', async (t) => {
    const { server, client, connect, settle } = await pair(t)
    const other = await connect('auth')
    const running = deferred()
    const release = deferred()
    other.serve(openAuth, async () => 'still there')
    server.serve(echo, async () => {
      running.resolve()
      await release.promise
      return { text: String(await server.request(openAuth, {})) }
    })
    await settle()
    const reply = client.request(echo, { text: '' })
    await running.promise
    const closed = server.close(60_000)
    t.equal(server.connected, false)
    release.resolve()
    t.same(await reply, { text: 'still there' }, 'and a running handler may still ask')
    await closed
    await server.close()
    t.equal(await codeOf(server.request(echo, { text: '' })), 'BUS_CLOSED')
    t.equal(await codeOf(server.deliver(record, 'd', { number: 1 })), 'BUS_CLOSED')
    t.throws(() => server.serve(echo, async () => ({ text: '' })), { code: 'BUS_CLOSED' })
    t.throws(() => server.subscribe(noticed, () => undefined), { code: 'BUS_CLOSED' })
    server.publish(noticed, { number: 1 })
    await settle()
    t.equal(await codeOf(client.request(echo, { text: '' })), 'BUS_NO_RESPONDER')
  })

  t.test('a handler that does not finish in time is told, and the bus closes', async (t) => {
    const { server, client, settle } = await pair(t)
    const running = deferred()
    const told = deferred<unknown>()
    server.serve(echo, async (_payload, { signal }) => {
      running.resolve()
      told.resolve(await aborted(signal))
      return { text: '' }
    })
    await settle()
    const reply = codeOf(client.request(echo, { text: '' }))
    await running.promise
    await server.close(10)
    t.ok(hasCode(await told.promise, 'BUS_CLOSED'))
    t.equal(await reply, 'BUS_CLOSED', 'the caller need not wait for its deadline')
  })

  t.test('requests that wait when their own bus closes fail', async (t) => {
    const { server, client, settle } = await pair(t)
    const running = deferred()
    const release = deferred()
    server.serve(echo, async () => {
      running.resolve()
      await release.promise
      return { text: '' }
    })
    await settle()
    const reply = codeOf(client.request(echo, { text: '' }))
    await running.promise
    await client.close()
    t.equal(await reply, 'BUS_CLOSED')
    release.resolve()
  })

  t.test('events published before a bus closes are sent', async (t) => {
    const { server, client, settle } = await pair(t)
    const heard = deferred<number>()
    server.subscribe(noticed, ({ number }) => heard.resolve(number))
    await settle()
    client.publish(noticed, { number: 7 })
    await client.close()
    t.equal(await heard.promise, 7)
  })
}
