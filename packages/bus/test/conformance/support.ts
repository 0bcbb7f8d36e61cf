// What the conformance suite of transports stands on: messages to send, and a hub whose log can be read.
import { Type } from '@sinclair/typebox'
import { type Caller, type Context, defineDelivery, defineEvent, defineRpc, strict } from '@slipway/contracts'
import { assertNoLeaks } from '@slipway/test-kit'
import type { Test } from 'tap'
import type { Bus, BusLog, ConnectBus } from '../../src/index.ts'

/** A transport under test: several buses that can reach each other. */
export interface ConformanceHub {
  connect: ConnectBus
  /** Resolves when all registrations made so far are in effect for every bus. */
  settle(): Promise<void>
  close(): Promise<void>
}
export type OpenHub = (options: { log: BusLog }) => Promise<ConformanceHub>

export const echo = defineRpc('inventory', 'probe.echo', {
  request: strict({ text: Type.String(), count: Type.Optional(Type.Integer()) }),
  reply: strict({ text: Type.String() }),
  permission: 'internal',
  // Far longer than a test: what fails "at once" must not be taken for a deadline.
  timeoutMs: 60_000,
})
export const relayed = defineRpc('scheduler', 'probe.relay', {
  request: strict({}),
  reply: strict({ username: Type.String(), requestId: Type.String() }),
  permission: 'read',
})
export const manage = defineRpc('inventory', 'probe.manage', {
  request: strict({}),
  reply: strict({ username: Type.String(), requestId: Type.String() }),
  permission: 'inventory.manage',
})
export const openTo = (service: Context) =>
  defineRpc(service, 'probe.open', {
    request: Type.Unknown(),
    reply: Type.Unknown(),
    permission: 'internal',
  })
export const open = openTo('inventory')
export const openAuth = openTo('auth')
export const openScheduler = openTo('scheduler')
export const noticed = defineEvent('gateway', 'probe.noticed', strict({ number: Type.Integer() }))
export const record = defineDelivery('inventory', 'probe.record', strict({ number: Type.Integer() }))

export const admin: Caller = { username: 'root', privilege: 'Admin' }

export interface LogLine {
  level: 'warn' | 'error'
  details: Record<string, unknown>
  message: string
}

export function deferred<T = void>() {
  let settle: ((value: T) => void) | undefined
  const promise = new Promise<T>((resolve) => {
    settle = resolve
  })
  return { promise, resolve: (value: T) => settle?.(value) }
}

export function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason)
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })
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

/** Buses of a hub that ends with its test, and what was logged. */
export interface SetUp {
  connect(service: Context): Promise<Bus>
  settle(): Promise<void>
  lines: LogLine[]
}

/** Opens hubs of the transport under test. */
export interface Stage {
  setUp(t: Test): Promise<SetUp>
  /** A service that serves and a client that asks. */
  pair(t: Test): Promise<SetUp & { server: Bus; client: Bus }>
}

export function createStage(openHub: OpenHub): Stage {
  async function setUp(t: Test): Promise<SetUp> {
    assertNoLeaks(t)
    const lines: LogLine[] = []
    const log: BusLog = {
      warn: (details, message) => lines.push({ level: 'warn', details: { ...details }, message }),
      error: (details, message) => lines.push({ level: 'error', details: { ...details }, message }),
    }
    const hub = await openHub({ log })
    t.teardown(() => hub.close())
    const connect = (service: Context): Promise<Bus> => hub.connect(service)
    return { connect, settle: () => hub.settle(), lines }
  }

  async function pair(t: Test) {
    const rest = await setUp(t)
    return { ...rest, server: await rest.connect('inventory'), client: await rest.connect('gateway') }
  }
  return { setUp, pair }
}
