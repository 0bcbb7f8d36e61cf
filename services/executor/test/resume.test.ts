// Killed at any moment of an Activate that restarts the router, an executor leaves a run that the next one finishes
// or fails clearly, and the router gets the command once.
import type { SimulatedRouter } from '@slipway/router-sim'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench } from './harness.ts'

const fixes = {
  asr9k: { file: 'asr9k-px-5.3.3.CSCuy81837.pie', name: 'asr9k-px-5.3.3.CSCuy81837-1.0.0' },
  ncs5500: {
    file: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
    name: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026',
  },
} as const

// Mostly waiting for routers, so side by side.
t.jobs = 3

/** Long enough for something to happen in the middle of an operation. */
const timing = { operationMs: 600, reloadMs: 900 }

const command = (router: SimulatedRouter, pattern: RegExp) =>
  new Promise<void>((resolve) => {
    router.on('command', ({ line }) => {
      if (pattern.test(line)) resolve()
    })
  })
const restart = (router: SimulatedRouter) =>
  new Promise<void>((resolve) => router.once('reload', () => resolve()))
const journalled = (b: Bench, jobId: number, condition: string) =>
  until(
    async () =>
      (await b.query(`SELECT 1 FROM journal WHERE job_id = $1 AND ${condition}`, [jobId])).length > 0,
    { message: `the journal has ${condition}` },
  )

const moments = {
  'while the router asks or answers': (_b: Bench, router: SimulatedRouter) =>
    command(router, /install activate/),
  'while the operation runs': (b: Bench, _router: SimulatedRouter, jobId: number) =>
    journalled(b, jobId, 'operation_id IS NOT NULL'),
  'while the router restarts': (_b: Bench, router: SimulatedRouter) => restart(router),
  'before the result is recorded': (_b: Bench, router: SimulatedRouter) =>
    restart(router).then(() => command(router, /show inventory$/)),
} as const

for (const family of ['asr9k', 'ncs5500'] as const) {
  const { file, name } = fixes[family]
  const softwarePackages = [file]

  void t.test(
    `an executor is killed during Activate on ${family}`,
    { jobs: 4, buffered: true },
    async (t) => {
      for (const [moment, arrives] of Object.entries(moments)) {
        void t.test(moment, { buffered: true }, async (t) => {
          const b = await bench(t)
          const host = await b.lab.add(family, { timing })
          const mortal = await b.startMortal(host)
          t.match(await b.run(host, 'Add', { softwarePackages }), { outcome: 'completed' })
          const { jobId } = b.offer(host, 'Activate', { softwarePackages })
          await arrives(b, host.router, jobId)
          await mortal.kill()
          t.notOk(
            b.results.some((result) => result.jobId === jobId),
            'nobody was told a result',
          )
          await b.start()
          const result = await b.result(jobId)
          t.equal(host.router.counts().activate, 1, 'the router got one activate')
          if (result.outcome === 'failed') {
            t.match(moment, /asks/, 'a question nobody answered ends the operation')
            t.match(result.statusMessage, /^Operation \d+ failed: /)
            return
          }
          t.match(result, { outcome: 'completed', packageChanges: [name] })
          t.equal(host.router.state().reloads, 1)
          t.ok(host.router.state().active.includes(name))
          const runs = await b.query('SELECT attempt, state FROM run WHERE job_id = $1', [jobId])
          t.match(runs, [{ attempt: 2, state: 'ended' }])
          t.equal(b.results.filter((each) => each.jobId === jobId).length, 1, 'one result')
        })
      }
    },
  )

  t.test(
    `a command that was written down and never sent is sent by the next executor on ${family}`,
    async (t) => {
      const b = await bench(t)
      const host = await b.lab.add(family)
      const first = await b.start()
      t.match(await b.run(host, 'Add', { softwarePackages }), { outcome: 'completed' })
      await first.stop()
      // A lease that is shorter than its margin: the clock check in front of the socket refuses every write.
      const stale = await b.start({ EXECUTOR_LEASE: '4s', EXECUTOR_LEASE_MARGIN: '5s' })
      const { jobId } = b.offer(host, 'Activate', { softwarePackages })
      await journalled(b, jobId, "kind = 'activate'")
      await stale.stop()
      t.equal(host.router.counts().activate, 0, 'nothing was sent')
      await b.start()
      t.match(await b.result(jobId), { outcome: 'completed', packageChanges: [name] })
      t.equal(host.router.counts().activate, 1)
      const journal = await b.query('SELECT attempt, outcome FROM journal WHERE job_id = $1 ORDER BY id', [
        jobId,
      ])
      t.match(journal, [{ outcome: 'not-sent' }, { outcome: 'succeeded' }])
    },
  )

  void t.test(`a lost session is no lost command on ${family}`, { buffered: true }, async (t) => {
    const b = await bench(t)
    const host = await b.lab.add(family)
    await b.start()
    host.router.setFaults([{ kind: 'drop', match: 'install add', after: 'output', nth: 1 }])
    t.match(await b.run(host, 'Add', { softwarePackages }), { outcome: 'completed', packageChanges: [name] })
    t.equal(host.router.counts().add, 1)
    t.match(await b.run(host, 'Activate', { softwarePackages }), { outcome: 'completed' })
    host.router.setFaults([{ kind: 'drop', match: 'install commit$', after: 'output', nth: 1 }])
    t.match(await b.run(host, 'Commit'), { outcome: 'completed' })
    t.equal(host.router.counts().commit, 1)
  })
}

void t.test('a connection that breaks before the restart is no restart', { buffered: true }, async (t) => {
  const b = await bench(t)
  await b.start()
  for (const family of ['asr9k', 'ncs5500'] as const) {
    const { file, name } = fixes[family]
    const host = await b.lab.add(family, { timing: { ...timing, reloadDelayMs: 1_500 } })
    t.match(await b.run(host, 'Add', { softwarePackages: [file] }), { outcome: 'completed' })
    host.router.setFaults([{ kind: 'drop', match: 'show install request', nth: 2 }])
    const result = await b.run(host, 'Activate', { softwarePackages: [file] })
    t.match(result, { outcome: 'completed', packageChanges: [name] }, result.statusMessage)
    t.match(host.router.state(), { reloads: 1 })
    t.equal(host.router.counts().activate, 1)
  }
})

void t.test('a stop hands running work over to the next start', { buffered: true }, async (t) => {
  const b = await bench(t)
  const host = await b.lab.add('asr9k', { timing })
  const { file, name } = fixes.asr9k
  const first = await b.start({ EXECUTOR_SOLE: 'false' })
  t.match(await b.run(host, 'Add', { softwarePackages: [file] }), { outcome: 'completed' })
  const { jobId } = b.offer(host, 'Activate', { softwarePackages: [file] })
  await command(host.router, /install activate/)
  await first.stop()
  t.equal(host.router.state().sessions.length, 0, 'the session is closed')
  t.match(await b.query("SELECT 1 AS free FROM run WHERE state = 'running' AND lease_until = 'epoch'"), [
    { free: 1 },
  ])
  const claims = b.claims
  t.equal(b.results.length, 1, 'no result')
  await b.start({ EXECUTOR_SOLE: 'false' })
  t.match(await b.result(jobId), { outcome: 'completed', packageChanges: [name] })
  t.equal(host.router.counts().activate, 1)
  t.ok(b.claims > claims)
})

void t.test('a run nobody wants any more stops before its next command', { buffered: true }, async (t) => {
  const b = await bench(t)
  const host = await b.lab.add('asr9k')
  await b.start()
  const { jobId } = b.offer(host, 'Activate', { softwarePackages: [fixes.asr9k.file] })
  await command(host.router, /show redundancy/)
  b.revoke(jobId)
  t.match(await b.result(jobId), {
    outcome: 'failed',
    statusMessage: 'Cancelled. Nothing was changed on the router.',
  })
  t.equal(host.router.mutations.length, 0)
})

void t.test(
  'without its database an executor sends nothing that changes a router',
  { buffered: true },
  async (t) => {
    const b = await bench(t)
    const host = await b.lab.add('asr9k')
    const mortal = await b.startMortal(host)
    b.offer(host, 'Commit')
    await command(host.router, /show install log/)
    await mortal.kill()
    t.equal(host.router.mutations.length, 0)
  },
)
