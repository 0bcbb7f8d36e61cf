import { createError, hasCode } from '@slipway/contracts'
import type { Test } from 'tap'
import { aborted, codeOf, deferred, echo, noticed, openScheduler, record, type Stage } from './support.ts'

export function questions(t: Test, { pair }: Stage): void {
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
}
