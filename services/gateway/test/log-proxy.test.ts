// Session logs that come from executors in other processes (cluster shape).
import {
  createError,
  executorMessages,
  isSlipwayError,
  type JobRow,
  logTicketHeader,
  schedulerMessages,
} from '@slipway/contracts'
import Fastify, { type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { admin, build, failed, hostId, type World } from './fixture.ts'

const ticket = '1795305600000.signature'
const job: JobRow = {
  id: 134,
  hostId: hostId(1),
  hostname: 'R1',
  action: 'Add',
  serverRepository: '',
  serverDirectory: '',
  softwarePackages: ['a.pie'],
  commandProfiles: [],
  scheduledTime: '2016-06-01T15:15:00.000Z',
  status: 'completed',
  statusMessage: '',
  trace: '',
  warnings: [],
  packageChanges: [],
  createdBy: 'root',
  createdAt: '2016-06-01T15:00:00.000Z',
}
const nobody = 'http://127.0.0.1:1'

/** An executor's HTTP server; says what it was asked. */
async function executor(t: Test, answer: (request: FastifyRequest) => unknown) {
  const app = Fastify()
  const seen: FastifyRequest['headers'][] = []
  app.get('/install/logs/:id', async (request, reply) => {
    seen.push(request.headers)
    reply.type('application/zip').header('content-disposition', 'attachment; filename="session_logs.zip"')
    reply.header('x-internal', 'not for users')
    return answer(request)
  })
  app.setErrorHandler((error, _request, reply) =>
    isSlipwayError(error)
      ? reply.code(400).send({ code: error.code, params: error.params })
      : reply.code(500).send(),
  )
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  return { url, seen, app }
}

function world(executorUrls: readonly string[], more: World = {}): World {
  return {
    executorUrls,
    scheduler: { listJobs: () => ({ rows: [job] }) },
    executor: { openLogs: () => ({ ticket }) },
    ...more,
  }
}

t.test(
  'come from an executor that is there, with a ticket and without the credentials of the user',
  async (t) => {
    const { url, seen } = await executor(t, () => Buffer.from('PK-zip'))
    const b = await build(t, world([nobody, url]))
    for (let n = 0; n < 4; n += 1) {
      const answer = await b.ask('GET', '/api/v1/install/logs/134')
      t.match(answer, { status: 200, text: 'PK-zip' })
      t.match(answer.headers, {
        'content-type': 'application/zip',
        'content-disposition': 'attachment; filename="session_logs.zip"',
      })
      t.equal(answer.headers['x-internal'], undefined)
    }
    t.ok(seen.every((headers) => headers[logTicketHeader] === ticket))
    t.ok(seen.every(({ authorization }) => authorization === undefined))
    t.match(b.askedFor(executorMessages.openLogs)[0], {
      payload: { jobId: 134 },
      caller: { username: admin[0], privilege: 'Admin' },
    })
  },
)

t.test('that do not exist are the error of the executor', async (t) => {
  const { url } = await executor(t, () => {
    throw createError('EXECUTOR_LOG_NOT_FOUND', [134])
  })
  const b = await build(t, world([url]))
  failed(
    await b.ask('GET', '/api/v1/install/logs/134'),
    400,
    "Session log does not exist for install job id '134'.",
  )
})

t.test('cannot be had while no executor is there: 503 with Retry-After', async (t) => {
  const away = await build(t, world([nobody, nobody]))
  const answer = await away.ask('GET', '/api/v1/install/logs/134')
  failed(answer, 503, /not available/)
  t.ok(Number(answer.headers['retry-after']) > 0)
  const silent = await build(t, world([nobody], { away: ['executor'] }))
  failed(await silent.ask('GET', '/api/v1/install/logs/134'), 503, /not available/)
})

t.test('are not asked for by who may not read them', async (t) => {
  const b = await build(t, world([nobody]))
  failed(await b.ask('GET', '/api/v1/install/logs/134', { auth: ['vera', admin[1]] }), 401, /./)
  t.same(b.askedFor(executorMessages.openLogs), [])
  t.same(b.askedFor(schedulerMessages.listJobs), [])
})
