// A running auth service on a real database, met over the bus, with clocks that the test moves.
import { fileURLToPath } from 'node:url'
import { type Bus, createInProcessBus } from '@slipway/bus'
import type { Caller, ReplyOf, RequestOf, Rpc } from '@slipway/contracts'
import { withClient } from '@slipway/database'
import { type Clock, createLogger, createRegistry, type Metrics } from '@slipway/service-kit'
import { database, type Teardown, type TestDatabase } from '@slipway/test-kit'
import { authService } from '../src/index.ts'

export const masterKey = `k1:${Buffer.alloc(32, 7).toString('base64')}`
export const admin: Caller = { username: 'root', privilege: 'Admin' }
export const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url))

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock {
  move(ms: number): void
}

export function createHandClock(): HandClock {
  let offset = 0
  const start = Date.now()
  return {
    now: () => new Date(start + offset),
    monotonicMs: () => offset,
    move: (ms) => {
      offset += ms
    },
  }
}

export interface Settings {
  readonly masterKey?: string
  readonly adminPassword?: string
  readonly keyRotationHours?: number
}

export interface Running {
  readonly bus: Bus
  readonly clock: HandClock
  readonly metrics: Metrics
  readonly db: TestDatabase
  /** Everything that the service logged. */
  readonly logged: string[]
  /** Asks as the admin, or as somebody else. */
  ask<T extends Rpc>(rpc: T, payload: RequestOf<T>, caller?: Caller): Promise<ReplyOf<T>>
  sql<R>(text: string, values?: unknown[]): Promise<R[]>
  /** Starts one more replica on the same database. */
  start(settings?: Settings): ReturnType<typeof authService.create>
}

/** Starts an auth service for a test and stops it with the test. */
export async function build(t: Teardown, settings: Settings = { adminPassword: 'correct horse' }) {
  const logged: string[] = []
  const metrics = createRegistry()
  const log = createLogger({
    service: 'auth',
    level: 'trace',
    destination: { write: (line) => logged.push(line) },
  })
  const db = await database(t, { migrationsDir })
  const hub = createInProcessBus({ log })
  t.teardown(() => hub.close())
  const bus = await hub.connect('gateway')
  const clock = createHandClock()
  const start = async (given: Settings = settings) => {
    const service = await authService.create({
      bus: await hub.connect('auth'),
      database: db.url,
      log,
      clock,
      metrics,
      config: { masterKey, keyRotationHours: 24, ...given },
    })
    t.teardown(() => service.stop())
    return service
  }
  const service = await start()
  const running: Running = {
    metrics,
    bus,
    clock,
    db,
    logged,
    ask: (rpc, payload, caller = admin) => bus.request(rpc, payload, { caller }),
    sql: (text, values = []) => withClient(db.url, async (client) => (await client.query(text, values)).rows),
    start,
  }
  return { ...running, service }
}
