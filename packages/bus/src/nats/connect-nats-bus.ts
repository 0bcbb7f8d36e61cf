// The NATS transport: one connection for each bus, so that a queue group has as many members as there are buses.
import { hostname } from 'node:os'
import { createError } from '@slipway/contracts'
import type { Bus, ConnectBus } from '../bus.ts'
import { type BusOptions, createBus } from '../create-bus.ts'
import { stderrLog } from '../log.ts'
import { parseServers } from './address.ts'
import { createNatsCarrier, type NatsCarrier } from './carrier.ts'
import { dial, type NatsCredentials, type NatsTls } from './dial.ts'

export interface NatsBusOptions extends BusOptions, NatsCredentials {
  /** `nats://host:4222` or `tls://…`, several in a list or separated by commas; `user:password@` may stand before. */
  servers: string | readonly string[]
  /** Before the service's name in what NATS shows of its clients; default: host name and process id. */
  name?: string
  /** Present, or a server with `tls://`: only an encrypted connection will do. */
  tls?: NatsTls
  /** A server that does not answer a ping for five intervals counts as gone; default 250. */
  pingIntervalMs?: number
  /** Pause between rounds of attempts to connect; default 500. */
  reconnectWaitMs?: number
  /** How long a server may take to greet; default 5,000. */
  connectTimeoutMs?: number
  /** After which a subject that the server refused is asked for again; default 10,000. */
  retryDeniedMs?: number
}

/** Connects services over NATS. */
export interface NatsBus {
  /**
   * A bus of a service. Waits for the server as long as it takes and says so in the log; reconnects for ever.
   * @throws BUS_CLOSED when closed while it waits
   */
  connect: ConnectBus
  /** Resolves when the server has taken everything its buses sent so far, registrations included. */
  flush(): Promise<void>
  /** Closes every bus that was connected, and stops waiting for those that are not yet. */
  close(graceMs?: number): Promise<void>
}

/** @throws TypeError if `servers` is not a list of addresses; does not connect before connect() is called */
export function connectNatsBus(options: NatsBusOptions): NatsBus {
  const { log = stderrLog, name = `${hostname()}-${process.pid}`, connectTimeoutMs = 5_000 } = options
  const { pingIntervalMs = 250, reconnectWaitMs = 500, retryDeniedMs = 10_000 } = options
  const addresses = parseServers(options.servers)
  const carriers = new Set<NatsCarrier>()
  const buses = new Set<Bus>()
  let closed = false
  return {
    async connect(service) {
      if (closed) throw createError('BUS_CLOSED')
      const dialOptions = { ...options, clientName: `${name}-${service}`, timeoutMs: connectTimeoutMs }
      const carrier = createNatsCarrier({
        service,
        log,
        addresses,
        dial: (address, signal) => dial(address, dialOptions, signal),
        pingIntervalMs,
        reconnectWaitMs,
        retryDeniedMs,
      })
      carriers.add(carrier)
      await carrier.start()
      const bus = createBus(service, carrier, options)
      buses.add(bus)
      return bus
    },
    async flush() {
      await Promise.all([...carriers].map((carrier) => carrier.flush()))
    },
    async close(graceMs) {
      closed = true
      await Promise.all([...buses].map((bus) => bus.close(graceMs)))
      await Promise.all([...carriers].map((carrier) => carrier.close()))
    },
  }
}
