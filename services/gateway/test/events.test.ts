// GET /install/<id>/events over HTTP: what it answers before the stream, the stream, and how it ends.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { createInProcessBus } from '@slipway/bus'
import {
  createError,
  type JobPosition,
  type JobRecordPart,
  type JobState,
  schedulerMessages,
} from '@slipway/contracts'
import { createFastify, createLogger } from '@slipway/service-kit'
import { until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import { createEventHub } from '../src/events/event-hub.ts'
import { eventRoutes } from '../src/events/event-routes.ts'
import { openStream } from '../src/events/event-stream.ts'
import { admin, basic, build, failed, password, type World } from './fixture.ts'

const path = '/api/v1/install/134/events'
const running: JobState = { id: 134, submission: 1, status: 'in-progress', statusMessage: 'Started' }
const completed: JobState = { ...running, status: 'completed', statusMessage: 'Completed' }

/** A job whose record is one step. */
function world(state: () => JobState | undefined, more: World = {}): World {
  return {
    scheduler: { watchJobs: () => ({ rows: [state() ?? []].flat() }) },
    executor: {
      followJob: ({ after }) => ({ after, parts: after.seq === 0 ? [stepPart] : [], more: false }),
    },
    ...more,
  }
}

const stepOf = (seq: number): JobRecordPart => ({
  event: {
    jobId: 134,
    seq,
    attempt: 1,
    at: '2016-06-01T15:15:00.000Z',
    kind: 'step',
    payload: { text: 'Node Status' },
  },
})
const stepPart = stepOf(1)

interface Open {
  response: IncomingMessage
  text(): string
  seen(pattern: RegExp): Promise<void>
  ended: Promise<void>
}

function watch(t: Test, address: string, headers: Record<string, string> = {}): Promise<Open> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      `${address}${path}`,
      { headers: { authorization: basic(...admin), ...headers }, agent: false },
      (response) => {
        let text = ''
        const waiting: (() => void)[] = []
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          for (const look of [...waiting]) look()
        })
        const ended = new Promise<void>((end) => response.on('close', end))
        const seen = (pattern: RegExp) =>
          new Promise<void>((found) => {
            const look = () => {
              if (pattern.test(text)) found()
            }
            waiting.push(look)
            look()
          })
        resolve({ response, text: () => text, ended, seen })
      },
    )
    sent.on('error', reject)
    t.teardown(() => sent.destroy())
    sent.end()
  })
}

t.test('is refused in the envelope before it begins', async (t) => {
  const b = await build(
    t,
    world(() => undefined),
  )
  failed(await b.ask('GET', path), 400, "Install job id '134' does not exist in the database.")
  failed(
    await b.ask('GET', '/api/v1/install/x/events'),
    400,
    "Install job id 'x' does not exist in the database.",
  )
  failed(await b.ask('GET', path, { headers: { 'last-event-id': '12' } }), 400, /Last-Event-ID '12'/)
  failed(await b.ask('GET', `${path}?follow=1`), 400, "Following parameter, 'follow', is not allowed.")
  failed(await b.ask('GET', path, { auth: undefined }), 401, /./)
  failed(await b.ask('GET', path, { auth: ['vera', password] }), 401, 'Not Authorized')
  t.equal((await b.ask('HEAD', path)).status, 405)
  const away = await build(
    t,
    world(() => running, { away: ['scheduler'] }),
  )
  failed(await away.ask('GET', path), 503, /not available/)
  const full = await build(
    t,
    world(() => running, { config: { eventStreams: 0 } }),
  )
  failed(await full.ask('GET', path), 503, /Too many streams/)
})

t.test('tells all of a job that has ended, ends, and is not to be asked for again', async (t) => {
  const b = await build(
    t,
    world(() => completed),
  )
  const answer = await b.ask('GET', path)
  t.equal(answer.status, 200)
  t.match(answer.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  t.equal(
    answer.text,
    'retry: 2000\n\n' +
      'id: 1.0.0.0.0.0\nevent: activity\n' +
      'data: {"seq":1,"attempt":1,"time":"2016-06-01T15:15:00.000Z","kind":"step","text":"Node Status"}\n\n' +
      'id: 1.0.0.0.1.3\nevent: status\n' +
      'data: {"job":134,"submission":1,"status":"completed","time":"","status_message":"Completed"}\n\n',
  )
  const again = await b.ask('GET', path, { headers: { 'last-event-id': '1.0.0.0.1.3' } })
  t.match(again, { status: 204, text: '' })
  const before = await b.ask('GET', path, { headers: { 'last-event-id': '1.0.0.0.1.2' } })
  t.match(before, { status: 200, text: /^retry: 2000\n\nid: 1.0.0.0.1.3\n/ })
})

t.test('asks as the user who watches, and counts the streams that are open', async (t) => {
  let state = running
  const b = await build(
    t,
    world(() => state, { config: { eventStreams: 1 } }),
  )
  const stream = await watch(t, b.gateway.address)
  await stream.seen(/event: activity/)
  t.match(stream.text(), /^retry: 2000\n\nid: 0.0.0.0.1.2\nevent: status\n/)
  t.match(b.askedFor(schedulerMessages.watchJobs)[0], { caller: { username: 'root', privilege: 'Admin' } })
  failed(await b.ask('GET', path), 503, /Too many streams/)
  state = completed
  await stream.ended
  t.match(stream.text(), /"status":"completed"/, 'a lost hint is made up for')
  t.equal((await b.ask('GET', path)).status, 200)
})

t.test('ends when the user is changed or the token expires, and when the gateway stops', async (t) => {
  const b = await build(
    t,
    world(() => running),
  )
  const byPassword = await watch(t, b.gateway.address)
  const byToken = await watch(t, b.gateway.address, { authorization: `Bearer ${b.keys.token({ epoch: 1 })}` })
  const iat = Math.floor(Date.now() / 1_000)
  const short = await watch(t, b.gateway.address, {
    authorization: `Bearer ${b.keys.token({ sub: 'olga', privilege: 'Operator', iat, exp: iat + 2 })}`,
  })
  await Promise.all([byPassword, byToken, short].map((stream) => stream.seen(/event: status/)))
  b.userChanged({ username: 'root', epoch: 2, active: true, changedAt: new Date().toISOString() })
  await Promise.all([byPassword.ended, byToken.ended])
  await short.ended
  const last = await watch(t, b.gateway.address)
  await last.seen(/event: status/)
  await b.gateway.stop()
  await last.ended
})

t.test(
  'while the gateway drains streams go on and are taken; then they end whole, for another gateway',
  async (t) => {
    let seq = 1
    const record: World = {
      executor: {
        followJob: ({ after }) => ({
          after,
          parts: after.seq < seq ? [stepOf(after.seq + 1)] : [],
          more: after.seq + 1 < seq,
        }),
      },
    }
    const first = await build(
      t,
      world(() => running, { ...record, config: { drain: 1_000 } }),
    )
    const stream = await watch(t, first.gateway.address)
    await stream.seen(/"seq":1,/)
    const stopped = first.gateway.stop()
    seq = 2
    first.jobsNoted([134])
    await stream.seen(/"seq":2,/)
    const late = await watch(t, first.gateway.address)
    t.equal(late.response.statusCode, 200, 'a 503 would end an EventSource for good')
    t.equal(late.response.headers.connection, 'close')
    await late.seen(/"seq":2,/)
    t.equal((await first.ask('GET', '/readyz')).status, 503)
    await Promise.all([stream.ended, late.ended, stopped])
    t.ok(stream.response.complete, 'ended, not cut off')
    t.ok(late.response.complete)
    await t.rejects(watch(t, first.gateway.address), { code: 'ECONNREFUSED' })

    seq = 3
    const second = await build(
      t,
      world(() => completed, record),
    )
    const lastId = [...stream.text().matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? ''
    const resumed = await watch(t, second.gateway.address, { 'last-event-id': lastId })
    await resumed.ended
    t.match(
      resumed.text(),
      /^retry: 2000\n\nid: \S+\nevent: activity\ndata: \{"seq":3,[^\n]+\n\nid: \S+\nevent: status\n/,
    )
  },
)

t.test(
  'in the moment in which the gateway stops a stream is empty, so that its client comes back',
  async (t) => {
    const app = createFastify({ log: createLogger({ service: 'test', level: 'silent' }) })
    t.teardown(() => app.close())
    app.decorateRequest('caller', null)
    const stopping = () => Promise.reject(createError('GATEWAY_STOPPING'))
    const auth = { authenticate: async () => undefined, permit: () => async () => undefined }
    const hub = { hasMore: stopping } as never
    await app.register(eventRoutes({ auth: auth as never, hub, clock: { monotonicMs: () => 0 } }))
    const answer = await app.inject({ url: '/install/134/events' })
    t.match(answer, { statusCode: 200, payload: 'retry: 2000\n\n' })
    t.match(answer.headers['content-type'], /^text\/event-stream/)
  },
)

t.test('goes on after services were away, says that it lives, and drops who does not read', async (t) => {
  const log = createLogger({ service: 'test', level: 'silent' })
  const bus = createInProcessBus({ log })
  t.teardown(() => bus.close(100))
  let nowMs = 0
  let away = false
  let refused = 0
  let seq = 0
  const clock = { monotonicMs: () => nowMs }
  const ask = async (_asker: unknown, rpc: { subject: string }, payload: object) => {
    if (away) {
      refused += 1
      throw new Error('away')
    }
    if (rpc.subject === schedulerMessages.watchJobs.subject) return { rows: [running] }
    const { after } = payload as { after: JobPosition }
    const text = 'x'.repeat(30_000)
    const part = {
      event: { ...('event' in stepPart ? stepPart.event : {}), seq: after.seq + 1, payload: { text } },
    }
    return { after, parts: after.seq < seq ? [part] : [], more: after.seq + 1 < seq }
  }
  const hub = createEventHub({
    bus: await bus.connect('gateway'),
    ask: ask as never,
    clock,
    log,
    limit: 10,
    mayTell: () => true,
    times: { tickMs: 2, pollMs: 1, retryMs: 2 },
  })
  t.teardown(() => hub.stop())
  const open = () => {
    const asker = { caller: { username: 'root', privilege: 'Admin' }, requestId: 'r' } as const
    const cursor = { position: { seq: 0, attempt: 0, steps: 0, terminal: 0 }, state: undefined }
    return openStream(hub, { jobId: 134, cursor, asker, stillGood: () => true, clock })
  }
  const reader = open()
  let text = ''
  reader.on('data', (chunk) => {
    text += String(chunk)
  })
  await until(() => text.includes('event: status'), { message: 'the state' })
  away = true
  seq = 1
  nowMs += 10
  await until(() => refused > 0, { message: 'it was asked in vain' })
  t.notMatch(text, /activity/)
  away = false
  nowMs += 10
  await until(() => text.includes('event: activity'), { message: 'the event of meanwhile' })
  nowMs += 15_000
  await until(() => text.endsWith('\n:\n\n'), { message: 'the sign of life' })

  const sleeper = open()
  seq = 1_000
  nowMs += 10
  await until(() => (text.match(/event: activity/g) ?? []).length === 1_000, { message: 'all events' })
  t.ok(sleeper.readableLength + sleeper.writableLength < 200_000, 'nothing is gathered for who does not read')
  nowMs += 60_000
  await until(() => sleeper.destroyed, { message: 'who does not read is dropped' })
  t.equal(hub.count(), 1)
})
