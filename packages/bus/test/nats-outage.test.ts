// What happens when NATS is away, frozen, cut off or about to stop.
import { freePort, haveNatsServer } from '@slipway/test-kit'
import t from 'tap'
import {
  anything,
  codeOf,
  deferred,
  happened,
  openHub,
  openNetwork,
  openPair,
  startNats,
} from './nats-support.ts'

if (haveNatsServer(t)) {
  t.test('a service that starts before NATS waits for it, and says so', async (t) => {
    const nats = await startNats(t)
    await nats.stop()
    const hub = openHub(t, { servers: nats.url })
    const connecting = hub.connect('gateway')
    const { details } = await hub.said('Waiting for NATS')
    t.match(details, { service: 'gateway', server: `127.0.0.1:${nats.port}`, reason: /ECONNREFUSED/ })
    await nats.start()
    const bus = await connecting
    t.equal(bus.connected, true)
    t.equal(await codeOf(bus.request(anything, 1)), 'BUS_NO_RESPONDER')
  })

  t.test('a hub that is closed while it waits stops waiting', async (t) => {
    const hub = openHub(t, { servers: `127.0.0.1:${await freePort()}` })
    const connecting = codeOf(hub.connect('gateway'))
    await hub.said('Waiting for NATS')
    await hub.close()
    t.equal(await connecting, 'BUS_CLOSED')
    t.equal(await codeOf(hub.connect('gateway')), 'BUS_CLOSED')
  })

  t.test('of several servers one that is there is used', async (t) => {
    const nats = await startNats(t)
    const dead = await freePort()
    const { server, client, hub } = await openPair(t, {
      servers: [`127.0.0.1:${dead},nats://127.0.0.1:${dead}`, nats.url],
    })
    server.serve(anything, async (payload) => payload)
    await hub.flush()
    t.equal(await client.request(anything, 'reached'), 'reached')
  })

  t.test(
    'while NATS is away everything fails at once; after each restart all goes on as before',
    async (t) => {
      const nats = await startNats(t)
      const { hub, server, client } = await openPair(t, { servers: nats.url })
      const asked: unknown[] = []
      const heard: unknown[] = []
      let last = deferred()
      let begun = deferred()
      server.serve(anything, async (payload, { signal }) => {
        asked.push(payload)
        begun.resolve()
        if (payload === 'waits') await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return payload
      })
      server.subscribe(happened, (payload) => {
        heard.push(payload)
        if (payload === 'last') last.resolve()
      })
      await hub.flush()
      for (let round = 1; round <= 3; round++) {
        const mark = hub.lines.length
        begun = deferred()
        const inFlight = client.request(anything, 'waits')
        const code = codeOf(inFlight)
        await begun.promise
        await nats.stop()
        t.equal(await code, 'BUS_CONNECTION_LOST', 'who waits is told, long before the deadline')
        await hub.said('Lost the connection', 2, mark)
        t.equal(client.connected, false)
        t.equal(await codeOf(client.request(anything, 'lost')), 'BUS_UNAVAILABLE')
        client.publish(happened, 'lost')
        client.publish(happened, 'lost')
        const { details } = await hub.said('Waiting for NATS', 1, mark)
        t.equal(details['server'], `127.0.0.1:${nats.port}`)
        await nats.start()
        await hub.said('Connected', 2, mark)
        t.match(await hub.said('Events were not sent', 1, mark), {
          details: { events: 2, service: 'gateway' },
        })
        last = deferred()
        t.equal(await client.request(anything, round), round)
        client.publish(happened, round)
        client.publish(happened, 'last')
        await last.promise
      }
      t.same(asked, ['waits', 1, 'waits', 2, 'waits', 3], 'each once, and nothing was queued')
      t.same(heard, [1, 'last', 2, 'last', 3, 'last'])
    },
  )

  t.test('a registration made or ended while NATS is away counts from its return', async (t) => {
    const nats = await startNats(t)
    const { hub, server, client } = await openPair(t, { servers: nats.url })
    const other = { ...anything, subject: `${anything.subject}-else` }
    const registration = server.serve(anything, async () => 'ended')
    await hub.flush()
    await nats.stop()
    await hub.said('Lost the connection', 2)
    await registration.drain()
    server.serve(other, async () => 'made')
    await nats.start()
    await hub.said('Connected', 4)
    await hub.flush()
    t.equal(await codeOf(client.request(anything, 1)), 'BUS_NO_RESPONDER')
    t.equal(await client.request(other, 1), 'made')
  })

  t.test('a bus closes promptly while NATS is away or frozen', async (t) => {
    const nats = await startNats(t)
    const { hub, server, client } = await openPair(t, { servers: nats.url, pingIntervalMs: 150 })
    server.serve(anything, async () => 1)
    await hub.flush()
    nats.pause()
    await server.close()
    await nats.stop()
    await hub.said('Lost the connection')
    await client.close()
    t.equal(await codeOf(client.request(anything, 1)), 'BUS_CLOSED')
  })

  t.test(
    'a frozen server is noticed, however much is under way to it, and used again when it thaws',
    async (t) => {
      const nats = await startNats(t)
      const { hub, server, client } = await openPair(t, { servers: nats.url, pingIntervalMs: 150 })
      server.serve(anything, async (payload) => payload)
      await hub.flush()
      const mark = hub.lines.length
      nats.pause()
      const code = codeOf(client.request(anything, 'into the ice'))
      // More than the sockets' buffers hold.
      const noise = Array.from({ length: 600_000 }, () => Math.random())
      client.publish(happened, noise)
      t.equal(await code, 'BUS_CONNECTION_LOST', 'it was sent: who asked may not think it was not')
      await hub.said('Lost the connection', 2, mark)
      const { details } = await hub.said('Waiting for NATS', 1, mark)
      t.match(details['reason'], /does not answer/)
      t.equal(await codeOf(client.request(anything, 1)), 'BUS_UNAVAILABLE')
      nats.resume()
      await hub.said('Connected', 2, mark)
      t.equal(await client.request(anything, 'thawed'), 'thawed')
    },
  )

  t.test('an answer that takes long is waited for while the connection is alive', async (t) => {
    const nats = await startNats(t)
    const pingIntervalMs = 20
    const { hub, server, client } = await openPair(t, { servers: nats.url, pingIntervalMs })
    server.serve(anything, () => new Promise((resolve) => setTimeout(resolve, 20 * pingIntervalMs, 'done')))
    await hub.flush()
    t.equal(await client.request(anything, 'a large change'), 'done')
    t.notOk(hub.lines.some(({ message }) => message.startsWith('Lost')))
  })

  t.test('an attempt that the network swallowed does not hold up the next', async (t) => {
    const nats = await startNats(t)
    const network = await openNetwork(t, nats.port, { swallowed: 1 })
    // Only another attempt beside the first one can succeed in time.
    const hub = openHub(t, { servers: network.url, connectTimeoutMs: 600_000 })
    const bus = await hub.connect('gateway')
    t.equal(bus.connected, true)
  })

  t.test('a cut in the network is repaired without doubling anything', async (t) => {
    const nats = await startNats(t)
    const network = await openNetwork(t, nats.port)
    const { hub, server, client } = await openPair(t, { servers: network.url })
    let calls = 0
    server.serve(anything, async () => ++calls)
    await hub.flush()
    for (let round = 1; round <= 3; round++) {
      const mark = hub.lines.length
      network.cut()
      await hub.said('Connected', 2, mark)
      t.equal(await client.request(anything, 1), round)
    }
    t.equal(network.connections(), 2)
  })

  t.test('a server that is about to stop is left without a failed question', async (t) => {
    const ports = [await freePort(), await freePort()]
    const routes = JSON.stringify(ports.map((port) => `nats://127.0.0.1:${port}`))
    const config = (port: number | undefined) =>
      `cluster { name: duck, listen: "127.0.0.1:${port}", routes: ${routes} }\nlame_duck_grace_period: "200ms"\nlame_duck_duration: "30s"`
    const servers = await Promise.all(ports.map((port) => startNats(t, { config: config(port) })))
    const { hub, server, client } = await openPair(t, { servers: servers.map(({ url }) => url) })
    server.serve(anything, async (payload) => payload)
    await hub.flush()
    const firstAnswer = async (): Promise<void> => {
      const code = await codeOf(client.request(anything, 0, { timeoutMs: 200 }))
      if (code !== 'none') await firstAnswer()
    }
    await firstAnswer()
    const at = hub.lines.find(({ message, details }) => {
      return message.startsWith('Connected') && details['service'] === 'inventory'
    })
    const leaving = servers.find(({ port }) => at?.details['server'] === `127.0.0.1:${port}`)
    const gone = leaving?.lameDuck()
    let asking = true
    let asked = 0
    const codes = new Set<unknown>()
    const traffic = (async () => {
      while (asking) {
        codes.add(await codeOf(client.request(anything, asked++, { timeoutMs: 5_000 })))
      }
    })()
    await hub.said('NATS is about to stop')
    await gone
    asking = false
    await traffic
    t.same([...codes], ['none'], 'each was answered')
    t.equal(await client.request(anything, 'after'), 'after')
  })
}
