import { Type } from '@sinclair/typebox'
import { createError, defineRpc } from '@slipway/contracts'
import { assertNoLeaks } from '@slipway/test-kit'
import t from 'tap'
import { createInProcessBus } from '../src/index.ts'
import { busConformance } from './conformance.ts'

const any = defineRpc('inventory', 'probe.any', {
  request: Type.Unknown(),
  reply: Type.Unknown(),
  permission: 'internal',
})

t.test('the in-process bus', async (t) => {
  busConformance(t, async (options) => {
    const hub = createInProcessBus(options)
    return { connect: hub.connect, settle: async () => undefined, close: () => hub.close(0) }
  })
})

t.test(
  'one registration runs so many handlers at a time, in order, and refuses what cannot wait',
  async (t) => {
    const hub = createInProcessBus({ concurrency: 2, maxWaiting: 3 })
    t.teardown(() => hub.close(0))
    const bus = await hub.connect('inventory')
    const started: unknown[] = []
    let open: (() => void) | undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    let running = 0
    let most = 0
    bus.serve(any, async (payload) => {
      started.push(payload)
      most = Math.max(most, ++running)
      await gate
      running--
      return payload
    })
    const codes: unknown[] = []
    const replies = [1, 2, 3, 4, 5, 6].map((number) =>
      bus.request(any, number).catch((error) => {
        codes.push(error.code)
        open?.()
      }),
    )
    t.same(await Promise.all(replies), [1, 2, 3, 4, 5, undefined])
    t.same(codes, ['BUS_UNAVAILABLE'])
    t.same(started, [1, 2, 3, 4, 5])
    t.equal(most, 2)
  },
)

t.test('what waits for a handler when the registration drains is asked of another replica', async (t) => {
  const hub = createInProcessBus({ concurrency: 1 })
  t.teardown(() => hub.close(0))
  const bus = await hub.connect('inventory')
  let release: (() => void) | undefined
  let begin: (() => void) | undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const handled: unknown[] = []
  const registration = bus.serve(any, async (payload) => {
    handled.push(payload)
    begin?.()
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return payload
  })
  const first = bus.request(any, 'first')
  const second = bus.request(any, 'second').catch((error) => error.code)
  await begun
  // One more turn, so that the second request has arrived and waits.
  await new Promise((resolve) => setImmediate(resolve))
  const drained = registration.drain()
  t.equal(await second, 'BUS_NO_RESPONDER', 'there is none')
  release?.()
  t.equal(await first, 'first')
  await drained
  t.same(handled, ['first'])
})

t.test('a request that expired while it waited does not run', async (t) => {
  const hub = createInProcessBus({ concurrency: 1 })
  t.teardown(() => hub.close(0))
  const bus = await hub.connect('inventory')
  const handled: unknown[] = []
  bus.serve(any, async (payload, { signal }) => {
    handled.push(payload)
    if (payload === 'blocks') await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return payload
  })
  const blocking = bus.request(any, 'blocks', { timeoutMs: 60 }).catch((error) => error.code)
  const expired = bus.request(any, 'expired', { timeoutMs: 20 }).catch((error) => error.code)
  t.same(await Promise.all([blocking, expired]), ['BUS_TIMEOUT', 'BUS_TIMEOUT'])
  t.equal(await bus.request(any, 'last'), 'last')
  t.same(handled, ['blocks', 'last'])
})

t.test('a closed hub closes its buses and connects no more', async (t) => {
  const hub = createInProcessBus()
  const bus = await hub.connect('inventory')
  await hub.close()
  t.equal(bus.connected, false)
  await t.rejects(hub.connect('auth'), { code: 'BUS_CLOSED' })
  await t.rejects(bus.request(any, 1), { code: 'BUS_CLOSED' })
})

t.test('a request leaves no timer behind', async (t) => {
  assertNoLeaks(t)
  const hub = createInProcessBus()
  const bus = await hub.connect('inventory')
  bus.serve(any, async (payload) => {
    if (payload === 'fail') throw createError('SCHEDULER_HOST_BUSY')
    return payload
  })
  await Promise.all(Array.from({ length: 20 }, () => bus.request(any, 1, { timeoutMs: 600_000 })))
  t.equal(await bus.request(any, 'fail').catch((error) => error.code), 'SCHEDULER_HOST_BUSY')
  await hub.close(600_000)
})
