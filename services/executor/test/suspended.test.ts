// An executor in a process of its own that is suspended (SIGSTOP) and comes back after another one took its run over:
// what it was about to send is not sent, what it was about to record is not recorded.
import { demoPackages, type Family, type PackageFacts } from '@slipway/router-sim'
import { natsServer, until } from '@slipway/test-kit'
import t, { type Test } from 'tap'
import { type Bench, bench, type LabHost } from './harness.ts'
import { startProcess } from './process.ts'

/** Long enough to log in on a busy machine, short enough to wait for its end. */
const leases = { EXECUTOR_LEASE: '10s', EXECUTOR_LEASE_MARGIN: '500ms', EXECUTOR_TAKE_OVER_GRACE: '500ms' }

/** The test, with a process of its own for each moment, and what all of them need. */
interface Scene {
  readonly t: Test
  readonly b: Bench
  readonly nats: string
}

/**
 * It never renews, so that nothing but the clocks at the socket holds it back. It takes over nothing either: what it
 * took from another scene's process would run out there once more, and end with a third attempt.
 */
const enter = ({ t, b, nats }: Scene, name: string) =>
  startProcess(t, b, {
    name,
    nats,
    env: { ...leases, EXECUTOR_LEASE_RENEWAL: '1h', EXECUTOR_TAKE_OVER_GRACE: '1h' },
  })

/** A fix that needs a restart, and an option that needs none: its activation does not end the session. */
const fixOf = (family: Family) =>
  demoPackages(family).filter(({ file }) => /CSCuy81837|CSCuz13026/.test(file))
const optionOf = (family: Family) =>
  demoPackages(family).filter(({ file }) => /asr9k-mcast-px.pie-5.3.3|ncs5500-mgbl-3.0.0.0-r601/.test(file))
const filesOf = (packages: readonly PackageFacts[]) => packages.map(({ file }) => file)

const journalOf = (b: Bench, jobId: number) =>
  b.query<{ attempt: number; outcome: string | null }>(
    'SELECT attempt, outcome FROM journal WHERE job_id = $1 ORDER BY id',
    [jobId],
  )

/** One result, one change, by the second attempt's account. */
async function checkEnd({ t, b }: Scene, host: LabHost, jobId: number): Promise<void> {
  t.equal(host.router.mutations.length, 1, 'the router got one changing command')
  t.equal(b.results.filter((each) => each.jobId === jobId).length, 1, 'one result')
  t.match(await b.query('SELECT attempt, state FROM run WHERE job_id = $1', [jobId]), [
    { attempt: 2, state: 'ended' },
  ])
}

async function beforeTheSocket(scene: Scene): Promise<void> {
  const { t, b } = scene
  const { cord, child, said } = await enter(scene, 'first')
  const jobs = await Promise.all(
    (['asr9k', 'ncs5500'] as const).flatMap((family) => [
      b.lab
        .add(family, { uncommitted: fixOf(family) })
        .then((host) => ({ host, action: 'Commit' as const, family })),
      b.lab
        .add(family, { inactive: optionOf(family) })
        .then((host) => ({ host, action: 'Activate' as const, family })),
    ]),
  )
  // Each holds one connection to the database, on which its journal row is written and not answered for.
  const held = jobs.map(() => cord.hold('INSERT INTO journal', 'reply'))
  const begun = jobs.map(({ host, action, family }) => {
    const softwarePackages = action === 'Activate' ? filesOf(optionOf(family)) : []
    return { host, action, family, jobId: b.offer(host, action, { softwarePackages }, 'first').jobId }
  })
  await Promise.all(held)
  for (const { jobId } of begun) {
    await until(async () => (await journalOf(b, jobId)).length === 1, {
      message: 'the journal has the command',
    })
  }
  child.kill('SIGSTOP')
  for (const { host } of begun) t.equal(host.router.mutations.length, 0, 'nothing was sent')
  for (const { jobId } of begun) t.match(await b.result(jobId), { outcome: 'completed' })
  cord.release()
  child.kill('SIGCONT')
  for (const { host, jobId, action, family } of begun) {
    t.match(await said('a run ends', jobId), { ending: 'left', attempt: 1 }, `${action} on ${family}`)
    t.match(await journalOf(b, jobId), [
      { attempt: 1, outcome: 'not-sent' },
      { attempt: 2, outcome: 'succeeded' },
    ])
    await checkEnd(scene, host, jobId)
  }
}

async function beforeTheResult(scene: Scene): Promise<void> {
  const { t, b } = scene
  const { cord, child, lines, said } = await enter(scene, 'second')
  const host = await b.lab.add('asr9k', { uncommitted: fixOf('asr9k') })
  const held = cord.hold("state = 'ended', outcome", 'request')
  const { jobId } = b.offer(host, 'Commit', {}, 'second')
  await held
  child.kill('SIGSTOP')
  t.equal(host.router.mutations.length, 1)
  t.match(await b.result(jobId), { outcome: 'completed' })
  cord.release()
  child.kill('SIGCONT')
  t.match(await said('a run ends'), { ending: 'completed', attempt: 1 })
  t.ok(lines.some(({ msg }) => msg === 'somebody else has the run; its result is dropped'))
  await checkEnd(scene, host, jobId)
}

/** 64-bit XR asks for the password of the repository, and whether it may restart. */
async function beforeTheAnswer(scene: Scene): Promise<void> {
  const { t, b } = scene
  const { child, said } = await enter(scene, 'third')
  const slow = { kind: 'slow', match: '^install', delayMs: 1_500, times: 1 } as const
  const add = await b.lab.add('ncs5500', { faults: [slow], keepTranscript: true })
  const activate = await b.lab.add('ncs5500', {
    inactive: fixOf('ncs5500'),
    faults: [slow],
    keepTranscript: true,
  })
  const softwarePackages = filesOf(fixOf('ncs5500'))
  const begun = [
    { host: add, jobId: b.offer(add, 'Add', { softwarePackages }, 'third').jobId },
    { host: activate, jobId: b.offer(activate, 'Activate', { softwarePackages }, 'third').jobId },
  ]
  const asked = ({ host }: { host: LabHost }) => host.router.mutations.length === 1
  await until(() => begun.every(asked), { message: 'both commands were sent', timeoutMs: 60_000 })
  child.kill('SIGSTOP')
  for (const { jobId } of begun) {
    const second = async () =>
      (await b.query('SELECT 1 FROM run WHERE job_id = $1 AND attempt = 2', [jobId])).length === 1
    await until(second, { message: 'another has the run', timeoutMs: 60_000 })
  }
  child.kill('SIGCONT')
  for (const { host, jobId } of begun) {
    t.match(await said('a run ends', jobId), { ending: 'left', attempt: 1 })
    // The router drops what it asked about when the session of the frozen one ends.
    t.match(await b.result(jobId), { outcome: 'failed', statusMessage: /^Operation \d+ failed: / })
    const told = host.router.transcript()
    t.notOk(
      told.some(({ what }) => what === 'answer'),
      'nobody answered',
    )
    await checkEnd(scene, host, jobId)
  }
}

const moments = {
  'between the journal and the socket': beforeTheSocket,
  'before its result is recorded': beforeTheResult,
  'before it answers a question of the router': beforeTheAnswer,
}

t.test('an executor is suspended, and its runs taken over', { jobs: 3 }, async (t) => {
  const { url: nats } = await natsServer(t)
  const b = await bench(t, nats)
  await b.start({
    ...leases,
    EXECUTOR_LEASE_RENEWAL: '1s',
    EXECUTOR_SOLE: 'false',
    EXECUTOR_NAME: 'survivor',
  })
  for (const [moment, check] of Object.entries(moments)) {
    void t.test(moment, { buffered: true }, (t) => check({ t, b, nats }))
  }
})
