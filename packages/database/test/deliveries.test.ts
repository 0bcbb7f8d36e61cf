import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import type pg from 'pg'
import t, { type Test } from 'tap'
import {
  createPool,
  createRelay,
  enqueue,
  enqueueMany,
  migrate,
  type OutgoingDelivery,
  outboxStats,
  prismaAdapter,
  pruneInbox,
  type RelayOptions,
  recordOnce,
  type SqlExecutor,
  transactionTimes,
  withClient,
} from '../src/index.ts'
import { testServer } from './server.ts'

const fixture = fileURLToPath(new URL('./fixtures/sender/', import.meta.url))
const generate = fileURLToPath(new URL('../generate.mjs', import.meta.url))
const FAST = { firstMs: 1, longestMs: 20 }
const server = await testServer(t)

/** The part of the generated client that the tests use. */
interface Client {
  $queryRawUnsafe<T>(sql: string, ...values: unknown[]): PromiseLike<T>
  $transaction<T>(work: (tx: Client) => Promise<T>, options?: object): Promise<T>
  $disconnect(): Promise<void>
  box: { create(args: object): Promise<unknown>; count(): Promise<number> }
}

const template = 'deliveries_template'
await server.ensureDatabase(template)
await migrate({ connection: server.url(template), migrationsDir: `${fixture}prisma/migrations` })

async function freshUrl(): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await withClient(server.url('postgres'), (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`),
  )
  return server.url(name)
}

async function freshPool(t: Test): Promise<pg.Pool> {
  const pool = createPool(await freshUrl())
  t.teardown(() => pool.end())
  return pool
}

async function freshPrisma(t: Test): Promise<Client> {
  execFileSync(process.execPath, [generate], { cwd: fixture, stdio: 'ignore' })
  const { PrismaClient } = await import(pathToFileURL(`${fixture}generated/client.ts`).href)
  const prisma = new PrismaClient({ adapter: prismaAdapter(await freshUrl(), { max: 3 }) }) as Client
  t.teardown(() => prisma.$disconnect())
  return prisma
}

function relay(t: Test, options: Partial<RelayOptions> & Pick<RelayOptions, 'db' | 'send'>) {
  const made = createRelay({ backoff: FAST, ...options })
  t.teardown(() => made.stop(0))
  return made
}

/** Resolves when nothing is left to deliver. */
async function emptied(made: { idle(): Promise<void> }, db: SqlExecutor): Promise<void> {
  while ((await outboxStats(db)).waiting > 0) await made.idle()
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

const numbered = (count: number, key?: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => ({
    subject: 'test.box.record',
    payload: { n },
    ...(key === undefined ? {} : { orderingKey: key(n) }),
  }))

const numberOf = ({ payload }: OutgoingDelivery): number => (payload as { n: number }).n

/** A receiver with a database of its own: one box for each delivery that it records. */
function receiver(pool: pg.Pool) {
  return async ({ id, payload }: { id: string; payload: unknown }): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      if (await recordOnce(client, id)) {
        await client.query("INSERT INTO box (name, state) VALUES ($1, 'new')", [JSON.stringify(payload)])
      }
      await client.query('COMMIT')
    } finally {
      client.release()
    }
  }
}

t.test('within a transaction of Prisma', async (t) => {
  const prisma = await freshPrisma(t)
  const received: OutgoingDelivery[] = []

  await t.test('a delivery exists if and only if the change was committed', async (t) => {
    await prisma.$transaction(async (tx) => {
      await tx.box.create({ data: { name: 'a', state: 'new' } })
      await enqueue(tx, { subject: 'test.box.record', payload: { name: 'a', odd: 'ö\u0000\ud800' } })
    }, transactionTimes.normal)
    const broken = prisma.$transaction(async (tx) => {
      await enqueueMany(tx, numbered(3))
      throw new Error('changed my mind')
    })
    await t.rejects(broken, { message: 'changed my mind' })
    t.equal((await outboxStats(prisma)).waiting, 1)
  })

  await t.test('a relay on a Prisma client sends it and removes it', async (t) => {
    const made = relay(t, { db: prisma, send: async (delivery) => void received.push(delivery) })
    await emptied(made, prisma)
    t.match(received, [{ subject: 'test.box.record', payload: { name: 'a', odd: 'ö\u0000\ud800' } }])
  })

  await t.test('a failed attempt is noted and tried again', async (t) => {
    const [id = ''] = await enqueueMany(prisma, numbered(1))
    let attempts = 0
    const send = async (): Promise<void> => {
      attempts += 1
      if (attempts < 3) throw new Error('away')
    }
    await emptied(relay(t, { db: prisma, send }), prisma)
    t.equal(attempts, 3)
    t.match(id, /^[0-9a-f-]{36}$/)
  })

  await t.test('a receiver on Prisma takes a delivery once', async (t) => {
    const take = () =>
      prisma.$transaction(async (tx) => {
        const fresh = await recordOnce(tx, 'delivery-1')
        if (fresh) await tx.box.create({ data: { name: 'b', state: 'new' } })
        return fresh
      })
    t.same(await Promise.all([take(), take(), take()]).then((all) => all.sort()), [false, false, true])
    t.equal(await prisma.box.count(), 2)
  })
})

t.test('a process that died between commit and send is made up for by the next', async (t) => {
  const db = await freshPool(t)
  const ids = await enqueueMany(db, numbered(250))
  const received: string[] = []
  await emptied(relay(t, { db, send: async ({ id }) => void received.push(id) }), db)
  t.same(received.sort(), ids.sort())
})

t.test('a process that died while it was sending is made up for when its lease has passed', async (t) => {
  const db = await freshPool(t)
  await enqueueMany(db, numbered(1))
  const claimed = new Promise<void>((resolve) => {
    // Never answers, as if the process were gone.
    relay(t, { db, send: () => new Promise<void>(() => resolve()) })
  })
  await claimed
  const received: number[] = []
  const second = relay(t, { db, send: async (delivery) => void received.push(numberOf(delivery)) })
  await second.idle()
  t.same(received, [], 'not while the other may still be at it')
  await db.query('UPDATE outbox SET next_attempt_at = now()')
  await emptied(second, db)
  t.same(received, [0])
})

t.test(
  'a receiver that is away gets everything when it is back, each delivery with one effect',
  async (t) => {
    const [db, target] = [await freshPool(t), await freshPool(t)]
    const record = receiver(target)
    let away = true
    let refused = 0
    const enough = new Promise<void>((resolve) => {
      const send = async (delivery: OutgoingDelivery): Promise<void> => {
        if (away) {
          refused += 1
          if (refused > 60) resolve()
          throw Object.assign(new Error('no responders'), { code: 'BUS_UNAVAILABLE' })
        }
        await record(delivery)
      }
      relay(t, { db, send })
    })
    await enqueueMany(db, numbered(20))
    await enough
    const stats = await outboxStats(db)
    t.match(stats, { waiting: 20, failing: 20 })
    t.ok(stats.oldestSeconds >= 0)
    away = false
    await emptied(relay(t, { db, send: record }), db)
    t.equal((await target.query('SELECT 1 FROM box')).rowCount, 20)
  },
)

t.test('whatever is lost, each delivery has one effect, and order holds for each key', async (t) => {
  const [db, target] = [await freshPool(t), await freshPool(t)]
  const record = receiver(target)
  const fates = fc.array(fc.constantFrom('arrives', 'lost', 'answer lost'), { minLength: 1, maxLength: 40 })
  const property = fc.asyncProperty(fates, fc.integer({ min: 1, max: 5 }), async (fate, keys) => {
    await target.query('TRUNCATE box, inbox RESTART IDENTITY')
    const deliveries = numbered(24, (n) => `host-${n % keys}`)
    await enqueueMany(db, deliveries)
    let turn = 0
    const send = async (delivery: OutgoingDelivery): Promise<void> => {
      turn += 1
      // After a while everything arrives, or a pattern of losses alone would never end.
      const now = turn > 120 ? 'arrives' : fate[turn % fate.length]
      if (now === 'lost') throw new Error('the question was lost')
      await record(delivery)
      if (now === 'answer lost') throw new Error('the answer was lost')
    }
    const relays = [1, 2].map(() =>
      createRelay({ db, send, backoff: { firstMs: 1, longestMs: 3 }, batch: 10 }),
    )
    for (const made of relays) await emptied(made, db)
    await Promise.all(relays.map((made) => made.stop()))
    const { rows } = await target.query<{ n: number }>(
      "SELECT (name::json->>'n')::int AS n FROM box ORDER BY id",
    )
    const order = rows.map(({ n }) => n)
    const byKey = (key: number) => order.filter((n) => n % keys === key)
    return (
      order.length === 24 &&
      Array.from({ length: keys }, (_, key) => byKey(key)).every((list) =>
        list.every((n, at) => at === 0 || n > (list[at - 1] ?? 0)),
      )
    )
  })
  await fc.assert(property, { numRuns: 6 })
})

t.test('two relays at once share the work and send nothing twice', async (t) => {
  const db = await freshPool(t)
  await enqueueMany(db, numbered(600))
  const sent: number[] = []
  const send = async (delivery: OutgoingDelivery): Promise<void> => {
    sent.push(numberOf(delivery))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const relays = [relay(t, { db, send, batch: 20 }), relay(t, { db, send, batch: 20 })]
  for (const made of relays) await emptied(made, db)
  t.equal(sent.length, 600)
  t.equal(new Set(sent).size, 600)
})

t.test('never has more under way than it may', async (t) => {
  const db = await freshPool(t)
  await enqueueMany(db, numbered(50))
  let [now, most] = [0, 0]
  const send = async (): Promise<void> => {
    now += 1
    most = Math.max(most, now)
    await new Promise((resolve) => setImmediate(resolve))
    now -= 1
  }
  await emptied(relay(t, { db, send, batch: 7 }), db)
  t.equal(most, 7)
})

t.test('one receiver that does not answer holds up nobody else, and is given up in time', async (t) => {
  const db = await freshPool(t)
  await enqueueMany(db, numbered(30))
  const received: number[] = []
  let aborted = 0
  const send = (delivery: OutgoingDelivery): Promise<void> => {
    if (numberOf(delivery) === 0 && aborted === 0) {
      delivery.signal.addEventListener('abort', () => {
        aborted += 1
      })
      return new Promise(() => undefined)
    }
    received.push(numberOf(delivery))
    return Promise.resolve()
  }
  await emptied(relay(t, { db, send, batch: 2, sendTimeoutMs: 1_500 }), db)
  t.equal(aborted, 1)
  t.equal(received.at(-1), 0)
  t.equal(received.length, 30)
})

t.test('a kick wakes it at once; without one it looks by itself', async (t) => {
  const db = await freshPool(t)
  const arrivals: (() => void)[] = []
  const arrival = () => new Promise<void>((resolve) => arrivals.push(resolve))
  const send = async (): Promise<void> => arrivals.shift()?.()
  const kicked = relay(t, { db, send, sweepMs: 1_000_000 })
  await kicked.idle()
  const first = arrival()
  await enqueue(db, { subject: 'test', payload: null })
  kicked.kick()
  await first
  await kicked.stop()
  relay(t, { db, send, sweepMs: 20 })
  const second = arrival()
  await enqueue(db, { subject: 'test', payload: null })
  await second
})

t.test('a database that is away for a moment is only a pause', async (t) => {
  const pool = await freshPool(t)
  await enqueueMany(pool, numbered(5))
  let failures = 2
  const db: SqlExecutor = {
    query: (sql: string, values: unknown[]) => {
      if (failures > 0 && sql.includes('DELETE')) {
        failures -= 1
        return Promise.reject(new Error('connection refused'))
      }
      return pool.query(sql, values)
    },
  }
  const received: number[] = []
  await emptied(relay(t, { db, send: async (delivery) => void received.push(numberOf(delivery)) }), pool)
  t.equal(received.length, 5, 'what was sent is remembered, not sent again')
})

t.test('stops cleanly', async (t) => {
  /** A relay whose first delivery is under way until `answer` is called. */
  const underWay = async (t: Test) => {
    const db = await freshPool(t)
    await enqueueMany(db, numbered(3))
    const asked = deferred()
    const answered = deferred()
    const send = (): Promise<void> => {
      asked.resolve()
      return answered.promise
    }
    const made = relay(t, { db, batch: 1, send })
    await asked.promise
    return { db, made, answer: answered.resolve }
  }

  await t.test('when what is under way has been recorded, and takes nothing new', async (t) => {
    const { db, made, answer } = await underWay(t)
    const stopped = made.stop()
    answer()
    await stopped
    t.equal((await outboxStats(db)).waiting, 2)
  })

  await t.test('at the end of its grace; another relay may send the rest at once', async (t) => {
    const { db, made } = await underWay(t)
    await made.stop(10)
    const received: number[] = []
    await emptied(relay(t, { db, send: async (delivery) => void received.push(numberOf(delivery)) }), db)
    t.same(received.sort(), [0, 1, 2])
  })

  await t.test('while it rests, and while the database is away', async (t) => {
    const db = await freshPool(t)
    const resting = relay(t, { db, send: async () => undefined })
    await resting.idle()
    await resting.stop()
    await resting.stop()
    const failed = deferred()
    const away: SqlExecutor = {
      query: () => {
        failed.resolve()
        return Promise.reject(new Error('connection refused'))
      },
    }
    const lost = relay(t, { db: away, send: async () => undefined })
    await failed.promise
    await lost.stop()
    await lost.idle()
    t.pass()
  })
})

t.test('forgets old ids of the inbox', async (t) => {
  const db = await freshPool(t)
  await recordOnce(db, 'old')
  await recordOnce(db, 'new')
  await db.query("UPDATE inbox SET recorded_at = now() - interval '15 days' WHERE id = 'old'")
  t.equal(await pruneInbox(db), 1)
  t.equal(await recordOnce(db, 'new'), false)
  t.equal(await recordOnce(db, 'old'), true)
})

t.test('a duplicate that arrives while the first is at work waits for how it ends', async (t) => {
  const db = await freshPool(t)
  const first = await db.connect()
  await first.query('BEGIN')
  t.equal(await recordOnce(first, 'a'), true)
  const second = recordOnce(db, 'a')
  await first.query('ROLLBACK')
  first.release()
  t.equal(await second, true)
})

t.test('carries whatever JSON can carry', async (t) => {
  const db = await freshPool(t)
  const property = fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async (payloads) => {
    const ids = await enqueueMany(
      db,
      payloads.map((payload) => ({ subject: 's', payload })),
    )
    const { rows } = await db.query<{ id: string; payload: unknown }>(
      'DELETE FROM outbox RETURNING id, payload',
    )
    const found = new Map(rows.map(({ id, payload }) => [id, payload]))
    t.same(
      ids.map((id) => found.get(id)),
      JSON.parse(JSON.stringify(payloads)),
    )
  })
  await fc.assert(property, { numRuns: 30 })
})
