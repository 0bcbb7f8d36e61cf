// What watchers of a job are told: everything once and in order, whenever they come, however slowly they read, and
// whichever hints are lost.
import type { JobPosition, JobRecordPart, JobState } from '@slipway/contracts'
import fc from 'fast-check'
import t from 'tap'
import { type Cursor, formatCursor, parseCursor, startOfStream } from '../src/events/cursor.ts'
import { createJobFeed, type JobFeed } from '../src/events/job-feed.ts'
import type { Watcher } from '../src/events/watcher.ts'

const asker = { caller: { username: 'olga', privilege: 'Operator' }, requestId: 'r1' } as const
// A feed that tries again keeps no process alive; a test that waits for it must.
const alive = setInterval(() => undefined, 60_000)
t.teardown(() => clearInterval(alive))

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const PAGE = 3
const LINE_BYTES = 10

/** A job's record in memory, with pages as the executor makes them: events and lines of attempts, cut at `PAGE`. */
function createRecord() {
  const events: number[] = []
  const lines: string[][] = [[]]
  return {
    event: () => void events.push(lines.length),
    line: () => void lines.at(-1)?.push(`line ${lines.length}.${lines.at(-1)?.length}`),
    attempt: () => void lines.push([]),
    all: () => [...events.map((_attempt, index) => `event ${index + 1}`), ...lines.flat()].sort(),
    page(after: JobPosition, until: JobPosition | undefined) {
      const parts: JobRecordPart[] = []
      const lastSeq = Math.min(events.length, until?.seq ?? events.length)
      const to = Math.min(lastSeq, after.seq + PAGE)
      for (let seq = after.seq + 1; seq <= to; seq += 1) {
        const at = '2016-06-01T15:15:00.000Z'
        const attempt = events[seq - 1] ?? 1
        parts.push({ event: { jobId: 1, seq, attempt, at, kind: 'step', payload: { text: `event ${seq}` } } })
      }
      let more = to < lastSeq
      const last = Math.min(lines.length, until?.attempt ?? lines.length)
      for (let attempt = Math.max(1, after.attempt); attempt <= last && !more; attempt += 1) {
        const own = lines[attempt - 1] ?? []
        const from = attempt === after.attempt ? after.steps / LINE_BYTES : 0
        const bound = until?.attempt === attempt ? until.steps / LINE_BYTES : own.length
        const end = Math.min(bound, from + PAGE)
        if (end > from) {
          const log = { log: 'steps' as const, attempt, lines: own.slice(from, end), end: end * LINE_BYTES }
          parts.push({ log })
        }
        more = end < bound
      }
      return { after, parts, more }
    },
  }
}

interface Told {
  name: string
  id: string
  data: { kind?: string; text?: string; lines?: string[]; status?: string; status_message?: string }
}

function parse(text: string): Told[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
      return { name: field('event'), id: field('id'), data: JSON.parse(field('data')) }
    })
}

/** A client that comes back with the last id it saw. */
function createClient(feed: JobFeed) {
  const told: Told[] = []
  let ready = true
  let ended = false
  let watcher: Watcher | undefined
  let lastId = ''
  let lookers: (() => boolean)[] = []
  /** Something was told: whoever waits for it goes on. */
  const look = () => {
    lookers = lookers.filter((looker) => !looker())
  }
  return {
    told,
    /** Resolves when this is so, looked at whenever the client is told something. */
    when: (isSo: () => boolean) =>
      new Promise<void>((resolve) => {
        lookers.push(() => {
          const found = isSo()
          if (found) resolve()
          return found
        })
        look()
      }),
    ended: () => ended,
    connect() {
      const cursor: Cursor = lastId === '' ? startOfStream : parseCursor(lastId)
      watcher = {
        cursor,
        atEnd: false,
        progress: '',
        asker,
        ready: () => ready,
        send(bytes) {
          for (const each of parse(bytes.toString())) {
            told.push(each)
            if (each.id !== '') lastId = each.id
          }
          look()
        },
        end: () => {
          ended = true
          look()
        },
      }
      feed.add(watcher)
    },
    cut() {
      if (watcher !== undefined) feed.remove(watcher)
    },
    read(isReady: boolean) {
      ready = isReady
      if (isReady) feed.drained()
    },
    parts: () =>
      told
        .flatMap(({ name, data }) =>
          name === 'activity' ? [data.text ?? ''] : name === 'log' ? (data.lines ?? []) : [],
        )
        .sort(),
    seqs: () => told.filter(({ name }) => name === 'activity').map(({ data }) => Number(data.text?.slice(6))),
    statuses: () => told.filter(({ name }) => name === 'status').map(({ data }) => data.status),
  }
}

const running: JobState = { id: 1, submission: 1, status: 'in-progress', statusMessage: 'Started' }

function createWorld(initial: JobState = running) {
  const record = createRecord()
  let state: JobState | undefined = initial
  let pages = 0
  let fails = 0
  const feed = createJobFeed({
    jobId: 1,
    async readState() {
      const now = state
      await turn()
      return now
    },
    async readPage(_asker, after, until) {
      pages += 1
      await turn()
      const page = record.page(after, until)
      await turn()
      if (fails > 0) {
        fails -= 1
        throw new Error('away')
      }
      return page
    },
    failed: () => undefined,
    retryMs: 1,
  })
  return {
    record,
    feed,
    pages: () => pages,
    fail: (times: number) => {
      fails = times
    },
    set(next: JobState | undefined) {
      state = next
    },
    become(next: JobState | undefined) {
      state = next
      feed.stateChanged()
    },
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('event', 'line', 'hint', 'turn') },
  fc.constantFrom('attempt', 'join', 'cut', 'slow', 'fast', 'fail', 'poll'),
)

t.test('every watcher is told everything once and in order, whatever happens in between', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(3)), { maxLength: 60 }), async (steps) => {
      const world = createWorld()
      const { record, feed } = world
      const clients = Array.from({ length: 4 }, () => createClient(feed))
      const connected = new Set<number>()
      const connect = (index: number) => {
        if (!connected.has(index)) clients[index]?.connect()
        connected.add(index)
      }
      connect(0)
      for (const [action, index] of steps) {
        const client = clients[index]
        if (action === 'event') record.event()
        else if (action === 'line') record.line()
        else if (action === 'attempt') record.attempt()
        else if (action === 'hint') feed.recordChanged()
        else if (action === 'poll') feed.stateRead(running)
        else if (action === 'fail') world.fail(1)
        else if (action === 'join') connect(index)
        else if (action === 'slow' || action === 'fast') client?.read(action === 'fast')
        else if (action === 'cut') {
          client?.cut()
          connected.delete(index)
        } else await turn()
      }
      record.event()
      world.fail(0)
      world.become({ ...running, status: 'completed', statusMessage: 'Completed' })
      for (const [index, client] of clients.entries()) {
        connect(index)
        client.read(true)
      }
      await Promise.all(clients.map((client) => client.when(client.ended)))
      feed.close()
      for (const client of clients) {
        t.same(client.parts(), record.all())
        t.same(
          client.seqs(),
          [...client.seqs()].sort((a, b) => a - b),
        )
        t.equal(client.told.at(-1)?.name, 'status', 'the end comes last')
        t.match(client.statuses(), /^(in-progress,)?completed$/)
      }
    }),
    { numRuns: 150 },
  )
})

t.test('many who watch the same cost one page a change', async (t) => {
  const { record, feed, pages } = createWorld()
  const clients = Array.from({ length: 50 }, () => createClient(feed))
  for (const client of clients) client.connect()
  record.event()
  await Promise.all(clients.map((client) => client.when(() => client.parts().length === 1)))
  const before = pages()
  for (let n = 2; n <= 11; n += 1) {
    record.event()
    feed.recordChanged()
    await Promise.all(clients.map((client) => client.when(() => client.parts().length === n)))
  }
  t.equal(pages() - before, 10)
  feed.close()
})

t.test('who does not read is told nothing more, and goes on where he was', async (t) => {
  const { record, feed } = createWorld()
  const [slow, quick] = [createClient(feed), createClient(feed)]
  slow.read(false)
  slow.connect()
  quick.connect()
  for (let n = 0; n < 10; n += 1) record.line()
  feed.recordChanged()
  await quick.when(() => quick.parts().length === 10)
  t.same(slow.told, [])
  slow.read(true)
  await slow.when(() => slow.parts().length === 10)
  feed.close()
})

t.test('progress is told live and has no id; a late watcher gets the latest', async (t) => {
  const { feed } = createWorld()
  const client = createClient(feed)
  client.connect()
  await client.when(() => client.statuses().length === 1)
  feed.progressed(1, 'Copying a.pie', 10)
  feed.progressed(1, 'Copying a.pie', 20)
  feed.progressed(2, 'Of another submission', 5)
  await client.when(() => client.told.some(({ data }) => data.status_message === 'Copying a.pie'))
  const late = createClient(feed)
  late.connect()
  await late.when(() => late.told.some(({ name }) => name === 'progress'))
  t.match(late.told.at(-1), {
    name: 'progress',
    id: '',
    data: { status_message: 'Copying a.pie', percent: 20 },
  })
  t.ok(client.told.filter(({ name }) => name === 'progress').every(({ id }) => id === ''))
  feed.close()
})

t.test('a job that waits says why, becomes a running one, and may be deleted', async (t) => {
  const waits = { ...running, status: 'scheduled', statusMessage: 'Waiting for its scheduled time' } as const
  const { feed, become } = createWorld(waits)
  const client = createClient(feed)
  client.connect()
  await client.when(() => client.statuses().length === 1)
  become({ ...waits, statusMessage: 'Waiting for dependency 7 (Add, failed)' })
  await client.when(() => client.told.at(-1)?.name === 'progress')
  t.equal(client.told.at(-1)?.data.status_message, 'Waiting for dependency 7 (Add, failed)')
  become(running)
  await client.when(() => client.statuses().length === 2)
  become(undefined)
  await client.when(() => client.ended())
  t.equal(client.told.at(-1)?.name, 'deleted')
  t.same(client.statuses(), ['scheduled', 'in-progress'])
  feed.close()
})

t.test('an id is the cursor it was made of; what is no id is refused', (t) => {
  const count = fc.nat(2_147_483_647)
  const offset = fc.nat({ max: 999_999_999_999 })
  const status = fc.constantFrom('scheduled', 'in-progress', 'completed', 'failed')
  const state = fc.option(fc.record({ submission: fc.integer({ min: 1, max: 1_000 }), status } as const), {
    nil: undefined,
  })
  const position = fc.record({ seq: count, attempt: count, steps: offset, terminal: offset })
  fc.assert(
    fc.property(fc.record({ position, state }), (cursor) => {
      t.same(parseCursor(formatCursor(cursor as Cursor)), cursor)
    }),
  )
  for (const id of [
    '1',
    '1.2.3.4.5.6',
    'a.b.c.d.e.f',
    '1.1.1.1.1.-1',
    '9999999999.0.0.0.0.0',
    '1.1.1.1.1.1 ',
  ]) {
    t.throws(() => parseCursor(id), { code: 'INPUT_EVENT_ID_INVALID' }, id)
  }
  t.end()
})
