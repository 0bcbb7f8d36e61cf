import { createError } from '@slipway/contracts'
import t from 'tap'
import { createLogger, type LogLevel } from '../src/index.ts'

function collect(options: { pretty?: boolean; level?: LogLevel } = {}) {
  const lines: string[] = []
  const log = createLogger({
    service: 'inventory',
    level: options.level ?? 'info',
    destination: { write: (line) => void lines.push(line) },
    pretty: options.pretty ?? false,
  })
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}')
  return { log, lines, last }
}

t.test('a line tells when, how bad, who and what', async (t) => {
  const { log, last, lines } = collect()
  log.info({ hostId: 'h1', count: 2 }, 'host %s discovered', 'R1')
  t.match(last(), { level: 'info', service: 'inventory', hostId: 'h1', count: 2, msg: 'host R1 discovered' })
  t.match(last()['time'], /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  log.debug('not shown')
  t.equal(lines.length, 1)
})

t.test('secrets do not reach a line, wherever they stand', async (t) => {
  const { log, lines, last } = collect()
  log.info({ password: 'hunter2', host: { enablePassword: 'hunter2', name: 'R1' } }, 'a')
  t.match(last(), { host: { name: 'R1' } })
  log.child({ token: 'hunter2', requestId: 'r1' }).info({ list: [{ sealedPassword: 'hunter2' }] }, 'b')
  t.match(last(), { requestId: 'r1' })
  log.info('password: hunter2')
  log.info('connecting to sftp://root:hunter2@10.0.0.1/x')
  log.info('with %s and %j', 'password=hunter2', { password: 'hunter2' })
  log.info({ headers: { authorization: 'Basic aHVudGVyMjpodW50ZXIy' } })
  log.error(
    new Error(
      'refused: password "hunter2", secret=hunter2'.replace('password "hunter2"', 'password: "hunter2"'),
    ),
  )
  log.error({ err: new Error('token=hunter2') })
  log.error({ err: new Error('a', { cause: new Error('password=hunter2') }) }, 'failed')
  log.error({ err: Object.assign(new Error('duplicate'), { detail: 'Key (x)=(hunter2)' }) }, 'failed')
  log.error(
    {
      settings: new (class Settings {
        value = 'hunter2'
      })(),
    },
    'class',
  )
  t.equal(lines.length, 11)
  t.notMatch(lines.join(''), /hunter2|aHVudGVyMjpodW50ZXIy/)
})

t.test('an error is written with its code and its causes', async (t) => {
  const { log, last } = collect()
  const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
  log.error({ err: createError('BUS_UNAVAILABLE', [], cause) }, 'request failed')
  t.match(last(), {
    msg: 'request failed',
    err: {
      type: 'SlipwayError',
      code: 'BUS_UNAVAILABLE',
      message: 'The service is not available at the moment.',
      stack: /logger\.test/,
      cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connection refused' },
    },
  })
  log.error(new AggregateError([new Error('first'), 'second'], 'both'))
  t.match(last(), { msg: 'both', err: { errors: [{ message: 'first' }, 'second'] } })
  const loop = new Error('loop')
  loop.cause = loop
  log.error(loop)
  t.match(last(), { msg: 'loop', err: { cause: { cause: { message: 'loop' } } } })
})

t.test('a request or reply object is written by what identifies it', async (t) => {
  const { log, last } = collect()
  class Request {
    method = 'GET'
    url = '/api/v1/hosts?hostname=R1'
    headers = { authorization: 'x' }
  }
  class Reply {
    statusCode = 404
  }
  log.info({ req: new Request(), res: new Reply(), other: new Map() }, 'x')
  t.match(last(), { req: { method: 'GET', path: '/api/v1/hosts' }, res: { status: 404 }, other: '[Map]' })
  t.notMatch(JSON.stringify(last()), /authorization|hostname/)
})

t.test('readable lines hold the same, without control characters', async (t) => {
  const { log, lines } = collect({ pretty: true })
  log.warn({ host: 'R1\u001b[2J', count: 2 }, 'odd\u0007 name')
  t.match(lines[0], /^\d\d:\d\d:\d\d\.\d{3} WARN {2}inventory: odd\? name host=R1\?\[2J count=2\n$/)
  log.error({ err: new Error('broken', { cause: new Error('why') }) }, 'failed')
  t.match(lines[1], /ERROR inventory: failed\nError: broken\n {4}at [\s\S]*caused by: Error: why\n {4}at /)
})
