// A running inventory on a real database, met over the bus as others meet it, with a scheduler that is told what to say.
import { fileURLToPath } from 'node:url'
import { type Bus, createInProcessBus } from '@slipway/bus'
import {
  type Caller,
  createError,
  type ErrorCode,
  type HostInput,
  inventoryMessages,
  type PayloadOf,
  type ReplyOf,
  type RequestOf,
  type Rpc,
  schedulerDeliveries,
  schedulerMessages,
} from '@slipway/contracts'
import { withClient } from '@slipway/database'
import { createKeyring, createSealer, type Place } from '@slipway/secrets'
import { createLogger, systemClock } from '@slipway/service-kit'
import { database, type Teardown, type TestDatabase } from '@slipway/test-kit'
import { inventoryService } from '../src/index.ts'

export const masterKey = `k1:${Buffer.alloc(32, 7).toString('base64')}`
const newerKey = `k2:${Buffer.alloc(32, 8).toString('base64')}`
const rekeyer = createSealer(createKeyring(`${newerKey},${masterKey}`))

/** True if the sealed value opens at this place. Nothing here may open it, but sealing it anew shows it. */
export function opensAt(sealed: string | undefined, place: Place): boolean {
  try {
    return rekeyer.rekey(sealed ?? '', place) !== sealed
  } catch {
    return false
  }
}

export const admin: Caller = { username: 'alice', privilege: 'Admin' }

type HostsRecord = PayloadOf<typeof schedulerDeliveries.recordHosts>
type RecordedHost = HostsRecord['hosts'][number] & Pick<HostsRecord, 'requestId'>

/** What the scheduler was asked and told, and how it answers. */
export interface FakeScheduler {
  readonly recorded: RecordedHost[]
  readonly released: string[]
  /** The code with which it refuses to release hosts; undefined: it releases them. */
  refusal: ErrorCode | undefined
  jobs: number
  /** Resolves when so many deliveries have been recorded. */
  untilRecorded(count: number): Promise<RecordedHost[]>
}

export interface Running {
  readonly scheduler: FakeScheduler
  readonly bus: Bus
  readonly db: TestDatabase
  ask<T extends Rpc>(rpc: T, payload: RequestOf<T>): Promise<ReplyOf<T>>
  sql<R>(text: string, values?: unknown[]): Promise<R[]>
  stop(): Promise<void>
  /** Stops the service and starts it again on the same database. */
  restart(): Promise<void>
}

function fakeScheduler(bus: Bus): FakeScheduler {
  const waiting: { count: number; resolve: (recorded: RecordedHost[]) => void }[] = []
  const scheduler: FakeScheduler = {
    recorded: [],
    released: [],
    refusal: undefined,
    jobs: 0,
    untilRecorded: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve })
        check()
      }),
  }
  const check = () => {
    for (const { count, resolve } of waiting) {
      if (scheduler.recorded.length >= count) resolve(scheduler.recorded)
    }
  }
  bus.receive(schedulerDeliveries.recordHosts, async (_id, { hosts, ...by }) => {
    scheduler.recorded.push(...hosts.map((host) => ({ ...host, ...by })))
    check()
  })
  bus.serve(schedulerMessages.releaseHost, async ({ hostId }) => {
    scheduler.released.push(hostId)
    if (scheduler.refusal !== undefined) throw createError(scheduler.refusal)
    return {}
  })
  bus.serve(schedulerMessages.countReferences, async () => ({ count: scheduler.jobs }))
  return scheduler
}

/** Starts an inventory for a test and stops it with the test. */
export async function build(t: Teardown, settings: { deletionSweep?: number } = {}): Promise<Running> {
  const log = createLogger({ service: 'inventory', level: 'silent' })
  const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url))
  const db = await database(t, { migrationsDir })
  const hub = createInProcessBus({ log })
  t.teardown(() => hub.close())
  const scheduler = fakeScheduler(await hub.connect('scheduler'))
  const bus = await hub.connect('gateway')
  const start = async () =>
    inventoryService.create({
      bus: await hub.connect('inventory'),
      database: db.url,
      log,
      clock: systemClock,
      config: { masterKey, deletionSweep: settings.deletionSweep ?? 60_000 },
    })
  let service = await start()
  t.teardown(() => service.stop())
  return {
    scheduler,
    bus,
    db,
    ask: (rpc, payload) => bus.request(rpc, payload, { caller: admin, requestId: 'request-of-the-test' }),
    sql: (text, values = []) => withClient(db.url, async (client) => (await client.query(text, values)).rows),
    stop: () => service.stop(),
    async restart() {
      await service.stop()
      service = await start()
    },
  }
}

/** A row of POST /hosts that is good if region `Lab` exists. */
export function hostInput(hostname: string, changes: Partial<HostInput> = {}): HostInput {
  return { hostname, region: 'Lab', connectionType: 'ssh', addresses: ['10.0.0.1'], ...changes }
}

/** Makes region `Lab` and these hosts; fails if a row fails. */
export async function addHosts(running: Running, hosts: readonly HostInput[]): Promise<void> {
  await running.ask(inventoryMessages.upsertRegions, { rows: [{ name: 'Lab' }] })
  const { rows } = await running.ask(inventoryMessages.upsertHosts, { rows: [...hosts] })
  const failed = rows.find(({ error }) => error !== undefined)
  if (failed !== undefined) throw new Error(`${failed.key}: ${failed.error?.message}`)
}

/** The only host of this name, as listed. */
export async function readHost(running: Running, hostname: string) {
  const { rows } = await running.ask(inventoryMessages.listHosts, { hostname, page: 1 })
  const [row] = rows
  if (row === undefined) throw new Error(`${hostname} is not listed`)
  return row
}
