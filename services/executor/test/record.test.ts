// The record of a job as those get it who follow it: whole lines, every byte of them once, whatever the pages.
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JobEvent, type JobPosition, positionAfter, startOfRecord } from '@slipway/contracts'
import { until as eventually } from '@slipway/test-kit'
import fc from 'fast-check'
import t from 'tap'
import { linesOf } from '../src/logs/log-lines.ts'
import { createFileLogStore } from '../src/logs/log-store.ts'
import { createNotes } from '../src/record/notes.ts'
import { createRecordService } from '../src/record/record-service.ts'
import type { RecordedEvent } from '../src/record/record-store.ts'

const directory = await mkdtemp(join(tmpdir(), 'slipway-record-'))
t.teardown(() => rm(directory, { recursive: true, force: true }))
let jobs = 0

/** A job with a record of its own. */
function createJob() {
  jobs += 1
  const jobId = jobs
  const events: RecordedEvent[] = []
  const lengths: Record<string, number> = {}
  let attempt = 1
  let ended = false
  const logs = createFileLogStore(directory, () => undefined)
  const follow = createRecordService({
    logs,
    read: async (_jobId, { after, until, limit }) => ({
      attempt,
      ended,
      lastSeq: events.length,
      events: events.filter(({ event: { seq } }) => seq > after && seq <= until).slice(0, limit),
    }),
  })
  return {
    jobId,
    follow: (after: JobPosition, until?: JobPosition) =>
      follow(until === undefined ? { jobId, after } : { jobId, after, until }),
    /** @param knows false: written with a change of the run, which does not know how long the logs are */
    event(knows = true, kind: 'step' | 'ended' = 'step') {
      const seq = events.length + 1
      const base = { jobId, seq, attempt, at: '2016-06-01T15:15:00.000Z' }
      const event: JobEvent =
        kind === 'step'
          ? { ...base, kind, payload: { text: `${seq}` } }
          : { ...base, kind, payload: { outcome: 'completed', statusMessage: '' } }
      const { 'plugins.log': steps = 0, 'session.log': terminal = 0 } = lengths
      events.push({ event, logged: knows ? { steps, terminal } : undefined })
    },
    async write(file: string, text: string | Buffer) {
      await mkdir(join(directory, `${jobId}`, `${attempt}`), { recursive: true })
      await appendFile(join(directory, `${jobId}`, `${attempt}`, file), text)
      lengths[file] = (lengths[file] ?? 0) + Buffer.byteLength(text)
    },
    next() {
      attempt += 1
      for (const file of Object.keys(lengths)) lengths[file] = 0
    },
    end() {
      ended = true
    },
  }
}

type Job = ReturnType<typeof createJob>

/** Reads to the end of what there is, perhaps only up to a position. */
async function readAll(job: Job, from: JobPosition, until?: JobPosition) {
  let position = from
  const seqs: number[] = []
  const lines: string[] = []
  /** Lines and numbers of events as they came, and the position after each. */
  const told: { what: string | number; after: JobPosition }[] = []
  for (;;) {
    const { after, parts, more } = await job.follow(position, until)
    position = after
    for (const part of parts) {
      position = positionAfter(position, part)
      const news: (string | number)[] =
        'event' in part
          ? [part.event.seq]
          : part.log.lines.map((line) => `${part.log.attempt} ${part.log.log} ${line}`)
      for (const what of news) {
        told.push({ what, after: position })
        if (typeof what === 'number') seqs.push(what)
        else lines.push(what)
      }
    }
    if (!more) return { position, seqs, lines, told }
  }
}

t.test(
  'lines come as they are finished, of every attempt, and the rest when nobody writes any more',
  async (t) => {
    const job = createJob()
    t.same(await readAll(job, startOfRecord), { position: startOfRecord, seqs: [], lines: [], told: [] })
    await job.write('plugins.log', 'one\ntw')
    await job.write('session.log', 'RP/0/RSP0/CPU0:r1#show version\r\r\nCisco IOS XR\r\nRP/0/')
    job.event()
    const first = await readAll(job, startOfRecord)
    t.same(first.lines, [
      '1 steps one',
      '1 terminal RP/0/RSP0/CPU0:r1#show version',
      '1 terminal Cisco IOS XR',
    ])
    t.same(first.seqs, [1])
    await job.write('plugins.log', 'o\n\nthree')
    job.next()
    await job.write('plugins.log', 'four')
    const second = await readAll(job, first.position)
    t.same(second.lines, ['1 steps two', '1 steps ', '1 steps three', '1 terminal RP/0/'])
    job.end()
    t.same((await readAll(job, second.position)).lines, ['2 steps four'])
  },
)

t.test(
  'whoever lags arrives exactly where the other page ended; a position beyond the record is its end',
  async (t) => {
    const step = fc.oneof(
      fc.constantFrom('event', 'next', 'mark'),
      fc.tuple(fc.constantFrom('plugins.log', 'session.log'), fc.stringMatching(/^[aé€😀\n]{0,12}$/u)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const job = createJob()
        const marks = [startOfRecord]
        for (const each of steps) {
          if (each === 'event') job.event()
          else if (each === 'next') job.next()
          else if (each === 'mark') marks.push((await readAll(job, marks.at(-1) ?? startOfRecord)).position)
          else await job.write(...each)
        }
        const head = await readAll(job, startOfRecord)
        const last = marks.at(-1) ?? startOfRecord
        for (const mark of marks) t.same((await readAll(job, mark, last)).position, last)
        job.end()
        const whole = await readAll(job, startOfRecord)
        const tail = await readAll(job, head.position)
        t.same([...head.seqs, ...tail.seqs], whole.seqs)
        t.same([...head.lines, ...tail.lines].sort(), whole.lines.sort())
        const beyond = { seq: 1_000, attempt: 99, steps: 5, terminal: 1_000_000 }
        t.same((await readAll(job, beyond)).lines, [])
      }),
      { numRuns: 40 },
    )
  },
)

t.test('events and lines come in the order in which they happened, from wherever one goes on', async (t) => {
  const job = createJob()
  job.event(false)
  await job.write('plugins.log', 'check\n')
  job.event()
  await job.write('session.log', 'r1#show version\nr1#show install act')
  job.event()
  await job.write('session.log', 'ive\nr1#')
  await job.write('plugins.log', 'done\n')
  job.next()
  job.event(false)
  await job.write('session.log', 'r1#again\n')
  job.event(false, 'ended')
  job.end()
  const { told } = await readAll(job, startOfRecord)
  t.same(
    told.map(({ what }) => what),
    [
      1,
      '1 steps check',
      2,
      '1 terminal r1#show version',
      // A line that was not finished when something happened comes after it.
      3,
      '1 steps done',
      '1 terminal r1#show install active',
      '1 terminal r1#',
      4,
      '2 terminal r1#again',
      5,
    ],
  )
})

const logs: Record<string, string> = { 'plugins.log': 'steps', 'session.log': 'terminal' }

t.test('whatever happened, a finished job is told in order, and the rest after any part of it', async (t) => {
  const step = fc.oneof(
    fc.constantFrom('event', 'blind event', 'next'),
    fc.tuple(
      fc.constantFrom('plugins.log', 'session.log'),
      fc.oneof(fc.stringMatching(/^[aé€\n]{0,12}$/u), fc.constant(`${'long '.repeat(5_000)}\n`)),
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const job = createJob()
      /** Lines of its attempt before each event that knows; the last one counts if nothing was added to it. */
      const before: { event: number; of: string; lines: () => number }[] = []
      let texts: Record<string, string> = { 'plugins.log': '', 'session.log': '' }
      let [seq, attempt] = [0, 1]
      for (const each of steps) {
        if (each === 'next') {
          job.next()
          attempt += 1
          texts = { 'plugins.log': '', 'session.log': '' }
        } else if (typeof each === 'string') {
          job.event(each === 'event')
          seq += 1
          for (const [file, text] of each === 'event' ? Object.entries(texts) : []) {
            const [all, isOpen] = [texts, text !== '' && !text.endsWith('\n')]
            const lines = () => text.split('\n').length - 1 + (isOpen && all[file] === text ? 1 : 0)
            before.push({ event: seq, of: `${attempt} ${logs[file]} `, lines })
          }
        } else {
          const [file, text] = each
          texts[file] += text
          await job.write(file, text)
        }
      }
      job.end()
      const { told } = await readAll(job, startOfRecord)
      for (const { event, of, lines } of before) {
        const earlier = told.slice(
          0,
          told.findIndex(({ what }) => what === event),
        )
        const count = earlier.filter(({ what }) => String(what).startsWith(of)).length
        t.equal(count, lines(), `lines of ${of}before event ${event}`)
      }
      // A part of many lines is one: whoever goes on does so after all of them.
      for (const [index, { after }] of told.entries()) {
        if (JSON.stringify(told[index + 1]?.after) === JSON.stringify(after)) continue
        const rest = await readAll(job, after)
        t.same(
          rest.told.map(({ what }) => what),
          told.slice(index + 1).map(({ what }) => what),
        )
      }
    }),
    { numRuns: 40 },
  )
})

t.test('long logs come in pages, a line without end in pieces that cut no character', async (t) => {
  const job = createJob()
  for (let n = 0; n < 250; n += 1) job.event()
  const text = `${'€'.repeat(30_000)}\n${'short\n'.repeat(20_000)}`
  await job.write('session.log', text)
  const page = await job.follow(startOfRecord)
  t.equal(page.more, true)
  t.ok(JSON.stringify(page).length < 120_000)
  const { lines, seqs } = await readAll(job, startOfRecord)
  t.equal(seqs.length, 250)
  const pieces = lines.filter((line) => line.includes('€')).map((line) => line.replace('1 terminal ', ''))
  t.ok(pieces.length > 1)
  t.equal(pieces.join(''), '€'.repeat(30_000))
  t.equal(lines.filter((line) => line.endsWith(' short')).length, 20_000)
})

t.test('pieces of a line end at characters', (t) => {
  const bytes = Buffer.from('a😀')
  for (let length = 1; length <= bytes.length; length += 1) {
    const { lines } = linesOf(bytes.subarray(0, length), { cut: true, closed: false })
    t.notMatch(lines.join(''), /\uFFFD/)
  }
  t.same(
    linesOf(Buffer.from([0xff, 0xfe, 0x80]), { cut: true, closed: false }).length,
    1,
    'also what is no text',
  )
  t.end()
})

t.test('hints: the first at once and together, those of a burst as one more', async (t) => {
  const told: number[][] = []
  const notes = createNotes((jobIds) => told.push(jobIds), 10)
  for (let n = 0; n < 5; n += 1) notes.note(1)
  notes.note(2)
  await eventually(() => told.length === 2, { message: 'the hint of the burst' })
  t.same(told, [[1, 2], [1]])
  notes.close()
  notes.note(3)
  notes.note(1)
  // Hints go out with setImmediate: what is told would be told before that of a later one.
  await new Promise((resolve) => setImmediate(resolve))
  t.same(told, [[1, 2], [1]])
})
