// What the tests over NATS share: quick hubs, a log that can be waited for, a bus one can be rude to.
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { Type } from '@sinclair/typebox'
import { defineEvent, defineRpc } from '@slipway/contracts'
import { assertNoLeaks, type NatsServer, type NatsServerOptions, natsServer } from '@slipway/test-kit'
import { connect, headers, type NatsConnection } from 'nats'
import type { Test } from 'tap'
import { type BusLog, connectNatsBus, type NatsBus, type NatsBusOptions } from '../src/index.ts'

/** A question of any content, whose deadline no test waits for. */
export const anything = defineRpc('inventory', 'probe.anything', {
  request: Type.Unknown(),
  reply: Type.Unknown(),
  permission: 'internal',
  timeoutMs: 600_000,
})
export const happened = defineEvent('gateway', 'probe.happened', Type.Unknown())

export interface LogLine {
  level: 'info' | 'warn' | 'error'
  details: Record<string, unknown>
  message: string
}

/** A log whose lines can be waited for. */
export function createLog() {
  const lines: LogLine[] = []
  const watchers = new Set<() => void>()
  const write = (level: LogLine['level']) => (details: object, message: string) => {
    lines.push({ level, details: { ...details }, message })
    for (const watcher of [...watchers]) watcher()
  }
  const log: BusLog = { info: write('info'), warn: write('warn'), error: write('error') }
  return {
    log,
    lines,
    /** Resolves when so many lines, from a certain one on, begin so. */
    said(text: string, count = 1, from = 0): Promise<LogLine> {
      return new Promise((resolve) => {
        const look = () => {
          const found = lines.slice(from).filter(({ message }) => message.startsWith(text))
          const last = found[count - 1]
          if (last === undefined) return
          watchers.delete(look)
          resolve(last)
        }
        watchers.add(look)
        look()
      })
    },
  }
}

/** Quick enough that tests need not wait for anything. */
export const quick = { pingIntervalMs: 1_000, reconnectWaitMs: 20, connectTimeoutMs: 200, retryDeniedMs: 30 }

/** A server of the test's own; when all is over, nothing may be left behind. */
export function startNats(t: Test, options?: NatsServerOptions): Promise<NatsServer> {
  assertNoLeaks(t)
  return natsServer(t, options)
}

/** A hub that closes with the test; its log is given back with it. */
export function openHub(t: Test, options: NatsBusOptions): NatsBus & ReturnType<typeof createLog> {
  const log = createLog()
  const hub = connectNatsBus({ ...quick, ...options, log: log.log })
  t.teardown(() => hub.close(0))
  return { ...hub, ...log }
}

/** An echoing `inventory` and a `gateway` that asks. */
export async function openPair(t: Test, options: NatsBusOptions) {
  const hub = openHub(t, options)
  const [server, client] = await Promise.all([hub.connect('inventory'), hub.connect('gateway')])
  return { hub, server, client }
}

/** A plain NATS client: a peer that keeps to no protocol of ours. */
export async function rawClient(t: Test, servers: string): Promise<NatsConnection> {
  const connection = await connect({ servers, reconnect: false })
  t.teardown(() => connection.close())
  return connection
}

export function headersOf(values: Record<string, string>) {
  const made = headers()
  for (const [name, value] of Object.entries(values)) made.set(name, value)
  return made
}

/** The code with which a promise is rejected, 'none' if it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return 'none'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

export function deferred<T = void>() {
  let settle: ((value: T) => void) | undefined
  const promise = new Promise<T>((resolve) => {
    settle = resolve
  })
  return { promise, resolve: (value: T) => settle?.(value) }
}

/** A network between client and server that can be cut. @param swallowed how many first connections lead nowhere */
export async function openNetwork(t: Test, port: number, { swallowed = 0 } = {}) {
  const sockets = new Set<Socket>()
  let accepted = 0
  const listener = createServer((near) => {
    near.on('error', () => undefined)
    if (accepted++ < swallowed) return void sockets.add(near)
    const far = connectTcp(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => to.write(data))
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  t.teardown(() => {
    cut()
    return new Promise((resolve) => listener.close(resolve))
  })
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  return { url: `nats://127.0.0.1:${address.port}`, cut, connections: () => sockets.size / 2 }
}
