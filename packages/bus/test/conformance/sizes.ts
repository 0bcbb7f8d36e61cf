// Large messages and the limit.
import { randomBytes } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { defineDelivery, defineEvent } from '@slipway/contracts'
import type { Test } from 'tap'
import { codeOf, deferred, echo, open, type Stage } from './support.ts'

export function sizes(t: Test, { pair }: Stage): void {
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
}
