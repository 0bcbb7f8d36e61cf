// The parts of the supervisor, with processes that do what a test says.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processIdentity } from '@slipway/database'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { createLeftovers } from '../src/leftovers.ts'
import { findFreePorts } from '../src/ports.ts'
import { type Launched, supervise } from '../src/supervise.ts'

const child = fileURLToPath(new URL('fixtures/child.mjs', import.meta.url))
const backoff = { firstMs: 5, maxMs: 20, stableMs: 60_000 }

/** A process that says when it is ready; `deaf` ignores SIGTERM, `broken` ends at once. */
function launch(mode: 'good' | 'deaf' | 'broken'): Launched {
  const process = fork(child, [mode], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ready = new Promise<Record<string, string>>((resolve) => {
    process.once('message', () => resolve({ http: 'http://127.0.0.1:1' }))
  })
  return { process, ready }
}

const isAlive = (pid: number | undefined) => pid !== undefined && exists(pid)
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test('a process that dies is reported and started again, until it is stopped', async (t) => {
  const reports: string[] = []
  const pids: number[] = []
  const supervised = supervise({
    name: 'executor-1',
    launch: () => launch('good'),
    stopGraceMs: 10_000,
    report: (text) => reports.push(text),
    onSpawn: (pid) => pids.push(pid),
    backoff,
  })
  t.teardown(() => supervised.stop())
  t.same(await supervised.start(), { http: 'http://127.0.0.1:1' })
  process.kill(supervised.pid ?? 0, 'SIGKILL')
  await until(() => reports.some((text) => text.includes('runs again')), { message: 'it runs again' })
  t.match(reports[0], 'executor-1 ended (SIGKILL); it is started again in 0.005 s')
  t.equal(pids.length, 2)
  const { pid } = supervised
  await supervised.stop()
  await supervised.stop()
  t.notOk(isAlive(pid))
  t.equal(pids.length, 2, 'a stop is no death')
})

t.test('a process that does not stop in its time is killed', async (t) => {
  const reports: string[] = []
  const report = (text: string) => void reports.push(text)
  const supervised = supervise({ name: 'deaf', launch: () => launch('deaf'), stopGraceMs: 50, report })
  await supervised.start()
  const { pid } = supervised
  await supervised.stop()
  t.notOk(isAlive(pid))
  t.match(reports, ['deaf did not stop within 0.05 s and is killed'])
})

t.test('a process that ends before it was ready fails the start, and is not started again', async (t) => {
  let launches = 0
  const supervised = supervise({
    name: 'broken',
    launch: () => {
      launches += 1
      return launch('broken')
    },
    stopGraceMs: 1_000,
    report: () => undefined,
    backoff,
  })
  await t.rejects(supervised.start(), { message: 'it ended (status 3)' })
  await supervised.stop()
  t.equal(launches, 1)
})

t.test('a service whose supervisor dies notices it and stops', async (t) => {
  const execArgv = ['--import=tsx', '--conditions=slipway-source']
  const supervisor = fork(child, ['supervisor', ...execArgv], { execArgv: [] })
  const pid = await new Promise<number>((resolve) => {
    supervisor.once('message', (message) => resolve(Number(message)))
  })
  t.ok(isAlive(pid))
  supervisor.kill('SIGKILL')
  await until(async () => (await processIdentity(pid)) === undefined, { message: 'it ended' })
})

t.test('what a killed run left is waited for, and ended if it does not end', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'slipway-leftovers-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true }))
  const first = createLeftovers(dataDir)
  await first.settle(() => t.fail('nothing was there'))
  const sleeper: ChildProcess = spawn('sleep', ['60'])
  const ended = new Promise((resolve) => sleeper.once('exit', (_code, signal) => resolve(signal)))
  first.remember('executor-1', sleeper.pid ?? 0)
  const file = join(dataDir, 'cluster-processes.json')
  await until(async () => (await readFile(file, 'utf8').catch(() => '')) !== '', {
    message: 'the file is written',
  })
  const waited: string[][] = []
  await createLeftovers(dataDir, 0).settle((names) => waited.push(names))
  t.same(waited, [['executor-1']])
  t.equal(await ended, 'SIGKILL')
  await createLeftovers(dataDir).settle(() => t.fail('nothing is left'))
})

t.test('ports that are taken are passed over', async (t) => {
  const server = createServer()
  const [port = 0] = await findFreePorts(20_000 + (process.pid % 10_000), 1)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const found = await findFreePorts(port, 3)
  t.equal(found.length, 3)
  t.notOk(found.includes(port))
  await t.rejects(findFreePorts(65_535, 2), /no 2 free ports/)
})
