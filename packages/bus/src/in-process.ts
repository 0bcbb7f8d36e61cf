// The in-process transport: one hub for all services of a process. Messages are the same bytes as over NATS and
// reach nobody in the sender's own turn of the event loop, so that nothing works only here.
import { type Context, createError } from '@slipway/contracts'
import type { Bus, ConnectBus } from './bus.ts'
import type { Carrier, Intake, Message } from './carrier.ts'
import { type BusOptions, createBus } from './create-bus.ts'

type Responder = (message: Message, reply: (message: Message) => void) => void
type Listener = (message: Message) => void

/** Connects services of one process. */
export interface InProcessBus {
  connect: ConnectBus
  /** Closes every bus that was connected. */
  close(graceMs?: number): Promise<void>
}

export function createInProcessBus(options: BusOptions = {}): InProcessBus {
  const exchange: Exchange = { responders: new Map(), listeners: new Map() }
  const buses = new Set<Bus>()
  let closed = false
  return {
    async connect(service) {
      if (closed) throw createError('BUS_CLOSED')
      const bus = createBus(service, createCarrier(exchange), options)
      buses.add(bus)
      return bus
    },
    async close(graceMs) {
      closed = true
      await Promise.all([...buses].map((bus) => bus.close(graceMs)))
    },
  }
}

interface Exchange {
  /** By subject and group. */
  responders: Map<string, Map<Context, Set<Responder>>>
  listeners: Map<string, Set<Listener>>
}

function createCarrier(exchange: Exchange): Carrier {
  let open = true
  return {
    get connected() {
      return open
    },
    // Deflating and inflating a page of hosts takes longer than everything else the bus does with it.
    deflates: false,
    request(subject, message, signal) {
      return new Promise((resolve, reject) => {
        setImmediate(() => {
          if (signal.aborted) return reject(signal.reason)
          const responder = pickResponder(exchange, subject)
          if (responder === undefined) return reject(createError('BUS_NO_RESPONDER'))
          // Neither does the reply reach the caller in the responder's turn.
          responder(message, (reply) => setImmediate(resolve, reply))
        })
      })
    },
    respond(subject, group, onRequest) {
      const groups = getOrAdd(exchange.responders, subject, () => new Map<Context, Set<Responder>>())
      return join(
        getOrAdd(groups, group, () => new Set()),
        onRequest,
      )
    },
    publish(subject, message) {
      setImmediate(() => {
        for (const listener of [...(exchange.listeners.get(subject) ?? [])]) listener(message)
      })
    },
    listen(subject, onMessage) {
      return join(
        getOrAdd(exchange.listeners, subject, () => new Set()),
        onMessage,
      )
    },
    async close() {
      open = false
    },
  }
}

/** Any member of the group, as NATS does it: nobody may rely on taking turns. A subject belongs to one service. */
function pickResponder(exchange: Exchange, subject: string): Responder | undefined {
  const groups = exchange.responders.get(subject)
  const members = [...(groups?.values() ?? [])].flatMap((group) => [...group])
  return members[Math.floor(Math.random() * members.length)]
}

function join<T extends object>(members: Set<T>, member: T): Intake {
  members.add(member)
  return {
    async stop() {
      members.delete(member)
    },
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
