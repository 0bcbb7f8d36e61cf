// An executor in a process of its own that is suspended (SIGSTOP) and comes back after another one took its run over:
// what it was about to send is not sent, what it was about to record is not recorded.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { demoPackages } from '@slipway/router-sim'
import { natsServer, type Teardown, until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench, quick } from './harness.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Long enough to log in on a busy machine, short enough to wait for its end. */
const leases = { EXECUTOR_LEASE: '8s', EXECUTOR_LEASE_MARGIN: '500ms', EXECUTOR_TAKE_OVER_GRACE: '500ms' }

interface Process {
  readonly child: ChildProcess
  readonly lines: Record<string, unknown>[]
}

interface Place {
  readonly name: string
  readonly nats: string
  readonly database: { readonly port: number; readonly user: string; readonly database: string }
}

/** An executor as in a cluster. It never renews, so that nothing but the clocks at the socket holds it back. */
function startProcess(t: Teardown, b: Bench, { name, nats, database }: Place): Process {
  const env = {
    ...quick,
    ...leases,
    EXECUTOR_LEASE_RENEWAL: '1h',
    EXECUTOR_SOLE: 'false',
    EXECUTOR_NAME: name,
    EXECUTOR_PORT: '0',
    EXECUTOR_DATABASE_URL: `postgresql://${database.user}@127.0.0.1:${database.port}/${database.database}`,
    NATS_URL: nats,
    SLIPWAY_LOG_DIR: b.logDir,
  }
  const child = spawn(process.execPath, ['--import=tsx', '--conditions=slipway-source', main], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Record<string, unknown>[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, lines }
}

const moments = {
  'between the journal and the socket': { name: 'first', words: 'INSERT INTO journal', what: 'reply' },
  'before its result is recorded': { name: 'second', words: "state = 'ended', outcome", what: 'request' },
} as const

t.test('an executor is suspended, and its run taken over', { jobs: 2 }, async (t) => {
  const nats = await natsServer(t)
  const b = await bench(t, nats.url)
  await b.start({
    ...leases,
    EXECUTOR_LEASE_RENEWAL: '1s',
    EXECUTOR_SOLE: 'false',
    EXECUTOR_NAME: 'survivor',
  })
  const uncommitted = demoPackages('asr9k').filter(({ kind }) => kind === 'smu')
  for (const [moment, { name, words, what }] of Object.entries(moments)) {
    void t.test(moment, { buffered: true }, async (t) => {
      const host = await b.lab.add('asr9k', { uncommitted })
      const { cord, connection } = await b.stretchToDatabase()
      const { child, lines } = startProcess(t, b, { name, nats: nats.url, database: connection })
      const said = (text: string) =>
        until(() => lines.find(({ msg }) => msg === text), { message: text, timeoutMs: 60_000 })
      await said('ready')
      const held = cord.hold(words, what)
      const { jobId } = b.offer(host, 'Commit', {}, name)
      await held
      const journal = () =>
        b.query('SELECT attempt, outcome FROM journal WHERE job_id = $1 ORDER BY id', [jobId])
      await until(async () => (await journal()).length === 1, { message: 'the journal has the command' })
      child.kill('SIGSTOP')
      const sent = host.router.counts().commit

      t.match(await b.result(jobId), { outcome: 'completed' })
      t.equal(host.router.counts().commit, 1)
      cord.release()
      child.kill('SIGCONT')
      t.match(await said('a run ends'), { ending: what === 'reply' ? 'left' : 'completed', attempt: 1 })
      t.equal(host.router.counts().commit, 1, 'nothing more was sent')
      t.equal(b.results.filter((each) => each.jobId === jobId).length, 1, 'one result')
      t.match(await b.query('SELECT attempt, state FROM run WHERE job_id = $1', [jobId]), [
        { attempt: 2, state: 'ended' },
      ])
      t.equal(sent, what === 'reply' ? 0 : 1)
      if (what === 'reply') {
        t.match(await journal(), [
          { attempt: 1, outcome: 'not-sent' },
          { attempt: 2, outcome: 'succeeded' },
        ])
      } else {
        t.ok(lines.some(({ msg }) => msg === 'somebody else has the run; its result is dropped'))
      }
    })
  }
})
