// A Bus over a carrier: everything that is the same for all transports.
import {
  type Context,
  createError,
  type Delivery,
  deliveryRpc,
  type PayloadOf,
  type ReplyOf,
  type RequestOf,
  type Rpc,
} from '@slipway/contracts'
import { createAsking } from './asking.ts'
import type { Bus, Registration } from './bus.ts'
import type { Carrier } from './carrier.ts'
import { createPublisher, listenToEvents } from './events.ts'
import { type BusLog, stderrLog } from './log.ts'
import { type BusObserver, noObserver } from './observer.ts'
import { serveRequests } from './serving.ts'
import { createWaits } from './waits.ts'

/** Settings of a bus, the same for every transport. */
export interface BusOptions {
  log?: BusLog
  /** Told of every question, for metrics. */
  observer?: BusObserver
  /** What an error of a handler means to callers: one of the catalogue where it is known, else itself. */
  knownError?: (error: unknown) => unknown
  /** Handlers of one registration that run at the same time. */
  concurrency?: number
  /** Messages of one registration that may wait for a handler; more are answered BUS_UNAVAILABLE. */
  maxWaiting?: number
}

const defaultConcurrency = 64
const defaultMaxWaiting = 4_096
const defaultGraceMs = 10_000

/** One service's bus over a connected carrier. */
export function createBus(service: Context, carrier: Carrier, options: BusOptions = {}): Bus {
  const { log = stderrLog, observer = noObserver } = options
  const { knownError = (error: unknown) => error } = options
  const { concurrency = defaultConcurrency, maxWaiting = defaultMaxWaiting } = options
  const queue = { concurrency, maxWaiting }
  const waits = createWaits()
  const asking = createAsking(carrier, observer)
  const publisher = createPublisher({ service, carrier, log })
  const registrations = createRegistrations()
  const serving = { service, carrier, log, observer, knownError, waits, queue }
  let closing: Promise<void> | undefined

  async function shutDown(graceMs: number): Promise<void> {
    await withGrace(registrations.drainAll(), graceMs)
    const reason = createError('BUS_CLOSED')
    waits.abortAll(reason)
    asking.close()
    await publisher.close()
    await carrier.close()
  }

  observer.connected(service, () => closing === undefined && carrier.connected)
  return {
    request: <T extends Rpc>(rpc: T, payload: RequestOf<T>, requestOptions = {}) =>
      asking.ask(rpc, payload, requestOptions) as Promise<ReplyOf<T>>,
    serve: (rpc, handler) =>
      registrations.add(() =>
        serveRequests(serving, rpc, (payload, meta) => handler(payload as RequestOf<typeof rpc>, meta)),
      ),
    publish: (event, payload) => publisher.publish(event, payload),
    subscribe: (event, handler) =>
      registrations.add(() =>
        listenToEvents(serving, event, (payload) => handler(payload as PayloadOf<typeof event>)),
      ),
    async deliver(delivery, deliveryId, payload) {
      // Under the delivery's id it is found in the logs of both sides.
      await asking.ask(rpcOf(delivery), { deliveryId, payload }, { requestId: deliveryId })
    },
    receive: (delivery, record) =>
      registrations.add(() =>
        serveRequests(serving, rpcOf(delivery), async (envelope) => {
          const { deliveryId, payload } = envelope as DeliveryEnvelope<typeof delivery>
          await record(deliveryId, payload)
          return { recorded: true }
        }),
      ),
    get connected() {
      return closing === undefined && carrier.connected
    },
    close(graceMs = defaultGraceMs) {
      closing ??= shutDown(graceMs)
      return closing
    },
  }
}

interface DeliveryEnvelope<T> {
  deliveryId: string
  payload: PayloadOf<T>
}

const deliveryRpcs = new WeakMap<Delivery, Rpc>()

/** The same question for the same delivery, so that its validator is compiled once. */
function rpcOf(delivery: Delivery): Rpc {
  const known = deliveryRpcs.get(delivery)
  if (known !== undefined) return known
  const rpc = deliveryRpc(delivery)
  deliveryRpcs.set(delivery, rpc)
  return rpc
}

/** Registrations of one bus; drained together when it closes. */
function createRegistrations() {
  const active = new Set<Registration>()
  let open = true
  return {
    add(register: () => Registration): Registration {
      if (!open) throw createError('BUS_CLOSED')
      const inner = register()
      const registration: Registration = {
        async drain() {
          await inner.drain()
          active.delete(registration)
        },
      }
      active.add(registration)
      return registration
    },
    async drainAll(): Promise<void> {
      open = false
      // A registration that cannot be ended must not keep the others from ending.
      await Promise.allSettled([...active].map((registration) => registration.drain()))
    },
  }
}

/** Waits for work, at most graceMs. */
async function withGrace(work: Promise<unknown>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs)
  })
  await Promise.race([work, grace])
  clearTimeout(timer)
}
