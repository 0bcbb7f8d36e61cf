import { hasCode } from '@slipway/contracts'
import type { Test } from 'tap'
import { aborted, codeOf, deferred, echo, noticed, openAuth, record, type Stage } from './support.ts'

export function closing(t: Test, { pair }: Stage): void {
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
