import type { Test } from 'tap'
import { codeOf, deferred, noticed, record, type Stage } from './support.ts'

export function events(t: Test, { pair }: Stage): void {
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
}
