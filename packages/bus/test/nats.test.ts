// The conformance suite over NATS: once with everything allowed, once with a user of its own for each service, who may
// do what its part needs and nothing else.
import { anyInboxSubject, type Context, contexts, inboxSubject } from '@slipway/contracts'
import { haveNatsServer, natsServer } from '@slipway/test-kit'
import t from 'tap'
import { type BusLog, connectNatsBus, type NatsAccess, natsAuthorization } from '../src/index.ts'
import { busConformance, type ConformanceHub } from './conformance.ts'

/** Asks and hears everybody, answers and publishes only as itself. */
function accessOf(service: Context): NatsAccess {
  return {
    publish: ['slipway.rpc.>', `slipway.evt.${service}.>`, anyInboxSubject],
    subscribe: [`slipway.rpc.${service}.>`, inboxSubject(service, '>'), 'slipway.evt.>'],
  }
}

/** A hub with a user of its own for each service. */
function openGuardedHub(servers: string, log: BusLog): ConformanceHub {
  const hubs = new Map(
    contexts.map((service) => [
      service,
      connectNatsBus({ log, servers, user: service, pass: `of ${service}` }),
    ]),
  )
  const all = [...hubs.values()]
  return {
    connect: async (service) => {
      const hub = hubs.get(service)
      if (hub === undefined) throw new Error(`no user for ${service}`)
      return hub.connect(service)
    },
    settle: async () => {
      await Promise.all(all.map((hub) => hub.flush()))
    },
    close: async () => {
      await Promise.all(all.map((hub) => hub.close(0)))
    },
  }
}

if (haveNatsServer(t)) {
  t.test('the bus over NATS', async (t) => {
    const server = await natsServer(t)
    busConformance(t, async (options) => {
      const hub = connectNatsBus({ ...options, servers: server.url })
      return { connect: hub.connect, settle: hub.flush, close: () => hub.close(0) }
    })
  })

  t.test('the bus over NATS with permissions', async (t) => {
    const users = contexts.map((service) => {
      return { user: service, password: `of ${service}`, access: accessOf(service) }
    })
    const server = await natsServer(t, { config: natsAuthorization(users) })
    busConformance(t, async ({ log }) => openGuardedHub(server.url, log))
  })
}
