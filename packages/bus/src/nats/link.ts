// A connection to NATS that is kept up for ever: dials until somebody answers, notices when the server is gone or
// frozen, dials again and listens again. A server that announces its end (lame duck) is left for another one before
// the old connection is given up, so that no question is lost.
import { createError } from '@slipway/contracts'
import type { NatsConnection } from 'nats'
import type { BusLog } from '../log.ts'
import { type NatsAddress, showAddress } from './address.ts'
import { createDialLoop } from './dial-loop.ts'
import { startHeartbeat } from './heartbeat.ts'
import { createSubscriptions, type Listening, type OnMessage } from './subscriptions.ts'

export interface LinkDeps {
  addresses: readonly NatsAddress[]
  dial(address: NatsAddress, signal: AbortSignal): Promise<NatsConnection>
  log: BusLog
  /** Stands in every log line. */
  details: object
  /** A subject we must be allowed to hear; a connection on which we are not is not used. */
  inbox: { subject: string; onMessage: OnMessage }
  pingIntervalMs: number
  reconnectWaitMs: number
  retryDeniedMs: number
  onUp(): void
  /** Not called where one connection takes over from another. */
  onDown(): void
  /** The server does not allow us to send to a subject. */
  onPublishDenied(subject: string, error: Error): void
}

export interface Link {
  /** What to send on; undefined while there is none. */
  readonly connection: NatsConnection | undefined
  /** Resolves when connected the first time, however long that takes. @throws BUS_CLOSED if closed before */
  start(): Promise<void>
  listen(subject: string, queue: string | undefined, onMessage: OnMessage): Listening
  /** Resolves when the server has taken everything sent so far, or is gone. */
  flush(): Promise<void>
  /** Sends what is to be sent, then lets go. */
  close(): Promise<void>
}

/** How long a server may take to acknowledge what we sent last. */
const FLUSH_MS = 2_000
/** How long servers may take to tell each other of new subscriptions. */
const HANDOVER_MS = 500

export function createLink(deps: LinkDeps): Link {
  const { details, log } = deps
  const ending = new AbortController()
  const subscriptions = createSubscriptions(deps)
  // If it is forbidden later on, the connection is of no use.
  const onDenied = () => void current?.close()
  subscriptions.add(deps.inbox.subject, undefined, deps.inbox.onMessage, onDenied)
  const dialUntilUp = createDialLoop({ ...deps, open, waitMs: deps.reconnectWaitMs })
  const retired = new Set<NatsConnection>()
  let current: NatsConnection | undefined
  let running: Promise<void> | undefined

  /** A connection on which we may hear our answers; on another one every question would end at its deadline. */
  async function open(address: NatsAddress, signal: AbortSignal): Promise<NatsConnection> {
    const connection = await deps.dial(address, signal)
    let denied: Error | undefined
    const callback = (error: Error | null) => {
      denied = error ?? undefined
    }
    const trial = connection.subscribe(deps.inbox.subject, { callback })
    await flushConnection(connection)
    trial.unsubscribe()
    if (denied === undefined && !connection.isClosed()) return connection
    await connection.close()
    throw denied ?? new Error(`${showAddress(address)} closed the connection`)
  }

  /** Uses a connection from now on. Resolves when another one is needed. */
  async function adopt(connection: NatsConnection, onUp: () => void): Promise<void> {
    subscriptions.attach(connection)
    await flushConnection(connection)
    if (ending.signal.aborted) return connection.close()
    if (connection.isClosed()) return
    const previous = current
    current = connection
    log.info?.({ ...details, server: connection.getServer() }, 'Connected to NATS')
    if (previous !== undefined) retire(previous)
    else deps.onUp()
    onUp()
    await untilLeft(connection)
  }

  /** Hears on an old connection until the other servers know where we are now, and what is on its way there. */
  function retire(connection: NatsConnection): void {
    const timer = setTimeout(() => {
      connection.drain().catch(() => undefined)
    }, HANDOVER_MS)
    retired.add(connection)
    void connection.closed().then(() => {
      clearTimeout(timer)
      retired.delete(connection)
    })
  }

  function untilLeft(connection: NatsConnection): Promise<void> {
    return new Promise((resolve) => {
      const stopHeartbeat = startHeartbeat(connection, deps.pingIntervalMs, () => {
        lost('it does not answer')
        void connection.close()
      })
      function lost(reason: string): void {
        stopHeartbeat()
        resolve()
        if (current !== connection) return
        current = undefined
        if (ending.signal.aborted) return
        log.warn({ ...details, server: connection.getServer(), reason }, 'Lost the connection to NATS')
        deps.onDown()
      }
      void connection.closed().then((error) => lost(error?.message ?? 'it was closed'))
      void watch(connection, resolve)
    })
  }

  async function watch(connection: NatsConnection, onLameDuck: () => void): Promise<void> {
    for await (const { type, data, permissionContext } of connection.status()) {
      if (type === 'ldm') {
        log.warn({ ...details, server: String(data) }, 'NATS is about to stop: looking for another server')
        onLameDuck()
      } else if (type === 'error') {
        if (permissionContext?.operation === 'subscription') continue
        const subject = permissionContext?.subject
        log.error({ ...details, code: data, subject }, 'NATS refuses what we send: check its permissions')
        if (subject !== undefined) deps.onPublishDenied(subject, new Error(String(data)))
      }
    }
  }

  async function keepUp(onFirst: () => void): Promise<void> {
    for (;;) {
      const connection = await dialUntilUp(ending.signal)
      if (connection === undefined) return
      if (ending.signal.aborted) return connection.close()
      await adopt(connection, onFirst)
    }
  }

  return {
    get connection() {
      return current
    },
    async start() {
      const up = new Promise<void>((resolve) => {
        running = keepUp(resolve)
      })
      await Promise.race([up, running])
      if (ending.signal.aborted) throw createError('BUS_CLOSED')
    },
    listen: (subject, queue, onMessage) => subscriptions.add(subject, queue, onMessage),
    async flush() {
      if (current !== undefined) await flushConnection(current)
    },
    async close() {
      ending.abort(createError('BUS_CLOSED'))
      if (current !== undefined) await flushConnection(current)
      subscriptions.close()
      await Promise.all([...retired, current].map((connection) => connection?.close()))
      await running
    },
  }
}

/** Resolves when the server has answered a ping or the connection is gone, at the latest after two seconds. */
async function flushConnection(connection: NatsConnection): Promise<void> {
  if (connection.isClosed()) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FLUSH_MS)
  })
  await Promise.race([connection.flush().catch(() => undefined), connection.closed(), late])
  clearTimeout(timer)
}
