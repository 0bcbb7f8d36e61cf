import { type Caller, privileges } from '@slipway/contracts'
import type { Test } from 'tap'
import { jsonText } from '../../src/index.ts'
import { admin, codeOf, deferred, echo, manage, noticed, open, relayed, type Stage } from './support.ts'

export function contracts(t: Test, { pair }: Stage): void {
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
}
