import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { hasCode, logTicketHeader } from '@slipway/contracts'
import { createKeyring, createSignatures } from '@slipway/secrets'
import { until } from '@slipway/test-kit'
import Fastify from 'fastify'
import t from 'tap'
import { createFileLogStore } from '../src/logs/log-store.ts'
import { createLogTickets } from '../src/logs/log-tickets.ts'
import { bench } from './harness.ts'

t.test('session logs', async (t) => {
  const b = await bench(t)
  const executor = await b.start()
  const host = await b.lab.add('asr9k')
  const app = Fastify()
  app.setErrorHandler((error, _request, reply) =>
    reply.code(400).send(hasCode(error, 'EXECUTOR_LOG_NOT_FOUND') ? error.message : 'unexpected'),
  )
  await app.register(executor.routes)
  t.teardown(() => app.close())
  const get = (id: number | string) => app.inject({ url: `/install/logs/${id}` })
  b.profiles = [{ name: 'mine', commands: ['show clock', 'show  clock'] }]
  const { jobId } = await b.run(host, 'Pre-Upgrade')

  await t.test('come as a zip with flat, unique names', async (t) => {
    const answer = await get(jobId)
    t.equal(answer.statusCode, 200)
    t.match(answer.headers, {
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="session_logs.zip"',
    })
    const files = unzip(answer.rawPayload)
    t.same([...files.keys()].sort(), [
      'plugins.log',
      'session.log',
      'show-clock-2.txt',
      'show-clock.txt',
      'show-isis-neighbor-summary.txt',
      'show-running-config.txt',
    ])
    t.match(files.get('session.log'), /RP\/0\/RSP0\/CPU0:ios#/)
    t.match(files.get('session.log'), /cfs check/, 'to the end')
    t.match(
      files.get('plugins.log'),
      / {4}INFO: \[Node Status Check Plugin\] All nodes in valid state for upgrade/,
    )
    t.match(
      await b.describeLogs(jobId),
      [...files.keys()].map((name) => ({ name })),
    )
  })

  await t.test('are for nobody else on the machine', async (t) => {
    const path = join(b.logDir, String(jobId), '1')
    t.equal((await stat(path)).mode & 0o777, 0o700)
    t.equal((await stat(join(path, 'session.log'))).mode & 0o777, 0o600)
    t.equal((await stat(join(path, 'show-clock.txt'))).mode & 0o777, 0o600)
  })

  await t.test('of earlier attempts stand beside those of the last one', async (t) => {
    const store = createFileLogStore(b.logDir, () => undefined)
    const second = await store.open(jobId, 2)
    second.terminal(Buffer.from('again'))
    t.equal(await second.file('session.log', 'x'), 'session-2.log')
    await second.close()
    const files = unzip((await get(jobId)).rawPayload)
    t.equal(files.get('session.log'), 'again')
    t.match(files.get('attempt-1-session.log'), /cfs check/)
  })

  await t.test('that do not exist are an error of the catalogue', async (t) => {
    for (const id of ['9999', 'x', '..%2f1', '99999999999999']) {
      const answer = await get(id)
      t.equal(answer.statusCode, 400)
      t.match(answer.body, /^Session log does not exist for install job id /)
    }
    t.same(await b.describeLogs(9999), [])
  })

  await t.test('go with their job', async (t) => {
    await b.forget('delivery-1', [jobId])
    await b.forget('delivery-1', [jobId])
    t.equal((await get(jobId)).statusCode, 400)
    t.same(await b.query('SELECT 1 FROM run'), [])
    t.same(await b.query('SELECT 1 FROM log_index'), [])
  })
})

t.test('a ticket opens the logs of its job for a minute, at any executor with the same keys', (t) => {
  let nowMs = Date.parse('2026-11-22T10:00:00Z')
  const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')
  const tickets = (keys: string) =>
    createLogTickets(createSignatures(createKeyring(keys), 'executor/session-logs'), {
      now: () => new Date(nowMs),
    })
  const one = tickets(`k1:${key(1)}`)
  const ticket = one.issue(7)
  t.ok(one.isValid(7, ticket))
  t.ok(tickets(`k2:${key(2)},k1:${key(1)}`).isValid(7, ticket), 'also while the master key is changed')
  t.notOk(tickets(`k2:${key(2)}`).isValid(7, ticket))
  t.notOk(one.isValid(8, ticket))
  t.notOk(one.isValid(7, ticket.replace(/^\d/, '9')), 'its end cannot be moved')
  for (const forged of ['', '.', `${nowMs}.`, 'x.y', `${ticket}x`]) t.notOk(one.isValid(7, forged), forged)
  nowMs += 60_000
  t.notOk(one.isValid(7, ticket))
  t.end()
})

t.test('an executor that is its own process serves logs for a ticket only', async (t) => {
  const b = await bench(t)
  const executor = await b.start()
  const { jobId } = await b.run(await b.lab.add('asr9k'), 'inventory')
  const app = Fastify()
  await app.register(executor.ticketedRoutes)
  t.teardown(() => app.close())
  const get = (id: number, ticket?: string) =>
    app.inject({
      url: `/install/logs/${id}`,
      headers: ticket === undefined ? {} : { [logTicketHeader]: ticket },
    })
  for (const answer of [
    await get(jobId),
    await get(jobId, 'x'),
    await get(jobId, '1795305600000.signature'),
  ]) {
    t.match(answer.json(), { code: 'AUTH_NOT_AUTHORIZED' })
  }
  const ticket = await b.openLogs(jobId)
  const opened = await get(jobId, ticket)
  t.equal(opened.statusCode, 200)
  t.ok(unzip(opened.rawPayload).has('session.log'), 'a ticket of the bus opens the zip')
  t.match((await get(jobId + 1, ticket)).json(), { code: 'AUTH_NOT_AUTHORIZED' }, 'of this job alone')
})

t.test('a claimed job that is no longer offered is dropped', async (t) => {
  const b = await bench(t)
  await b.start()
  const host = await b.lab.add('asr9k')
  b.gone.add(1)
  b.offer(host, 'Commit')
  await until(async () => b.claims > 0 && (await b.query('SELECT 1 FROM run')).length === 0, {
    message: 'the run is dropped',
  })
  t.match(await b.run(host, 'inventory'), { jobId: 2, outcome: 'completed' }, 'and the next one is done')
  t.equal(host.router.mutations.length, 0)
  t.equal(b.results.length, 1)
})

t.test('no more runs than there are places, and none is left over', async (t) => {
  const b = await bench(t)
  const hosts = await Promise.all(
    ['asr9k', 'asr9k', 'ncs5500', 'asr9k-x64'].map((family) => b.lab.add(family as 'asr9k')),
  )
  let most = 0
  for (const { router } of hosts) {
    router.on('command', () => {
      most = Math.max(most, hosts.filter((host) => host.router.state().sessions.length > 0).length)
    })
  }
  await b.start({ EXECUTOR_CONCURRENCY: '2' })
  const jobs = hosts.map((host) => b.offer(host, 'inventory'))
  const results = await Promise.all(jobs.map(({ jobId }) => b.result(jobId)))
  t.ok(results.every(({ outcome }) => outcome === 'completed'))
  t.equal(most, 2)
  t.ok(b.claims < 20, `${b.claims} claims`)
})

/** Names and texts of a zip, read from its central directory. */
function unzip(bytes: Buffer): Map<string, string> {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  const count = bytes.readUInt16LE(end + 10)
  let at = bytes.readUInt32LE(end + 16)
  const files = new Map<string, string>()
  for (let n = 0; n < count; n += 1) {
    const nameLength = bytes.readUInt16LE(at + 28)
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    const local = bytes.readUInt32LE(at + 42)
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const body = bytes.subarray(start, start + bytes.readUInt32LE(at + 20))
    files.set(name, (bytes.readUInt16LE(at + 10) === 8 ? inflateRawSync(body) : body).toString('utf8'))
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return files
}
