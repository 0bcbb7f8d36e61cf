// What an executor does that goes on with a run, or gives one back, beside the kill table (kill-table.test.ts): leases in
// doubt, lost sessions, a router that does not tell, a stop.
import { demoPackages, type SimulatedRouter } from '@slipway/router-sim'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench, type LabHost } from './harness.ts'

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
const journalled = (b: Bench, jobId: number, condition: string) =>
  until(
    async () =>
      (await b.query(`SELECT 1 FROM journal WHERE job_id = $1 AND ${condition}`, [jobId])).length > 0,
    { message: `the journal has ${condition}` },
  )

for (const family of ['asr9k', 'ncs5500'] as const) {
  const { file, name } = fixes[family]
  const softwarePackages = [file]

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

const inTheMiddle = {
  'while the router asks or answers': (_b: Bench, router: SimulatedRouter) =>
    command(router, /install activate/),
  'while the operation runs': (b: Bench, _router: SimulatedRouter, jobId: number) =>
    journalled(b, jobId, 'operation_id IS NOT NULL'),
  'while the router restarts': (_b: Bench, router: SimulatedRouter) =>
    new Promise<void>((resolve) => router.once('reload', () => resolve())),
} as const

void t.test(
  'a stop hands running work over at once, to one that runs',
  { buffered: true, jobs: 3 },
  async (t) => {
    const b = await bench(t)
    // At default times of leases and sweeps: nothing but the word of the one that stops makes it quick.
    const times = { EXECUTOR_SOLE: 'false', EXECUTOR_SWEEP_INTERVAL: '1h' }
    await b.start({ ...times, EXECUTOR_NAME: 'stays' })
    for (const [n, [moment, arrives]] of Object.entries(inTheMiddle).entries()) {
      const name = `stops${n}`
      const stopping = await b.start({ ...times, EXECUTOR_NAME: name, EXECUTOR_CONCURRENCY: '1' })
      void t.test(moment, { buffered: true }, async (t) => {
        const fix = demoPackages('ncs5500').filter(({ file }) => file === fixes.ncs5500.file)
        const host = await b.lab.add('ncs5500', { inactive: fix, timing: { ...timing, operationMs: 1_500 } })
        const { jobId } = b.offer(host, 'Activate', { softwarePackages: [fixes.ncs5500.file] }, name)
        await arrives(b, host.router, jobId)
        await stopping.stop()
        t.notOk(
          b.results.some((each) => each.jobId === jobId),
          'no result',
        )
        t.match(await b.result(jobId), { outcome: 'completed', packageChanges: [fixes.ncs5500.name] })
        t.equal(host.router.counts().activate, 1)
        t.equal(host.router.state().reloads, 1)
        const events = await b.query<{ kind: string; payload: { after?: string } }>(
          "SELECT kind, payload FROM job_event WHERE job_id = $1 AND kind IN ('handed-over', 'resumed') ORDER BY seq",
          [jobId],
        )
        // Whoever took it may be one of those that are stopped a moment later.
        const handovers = events.length / 2
        t.ok(handovers >= 1)
        t.match(
          events,
          Array.from({ length: handovers }, () => [
            { kind: 'handed-over' },
            { kind: 'resumed', payload: { after: 'released' } },
          ]).flat(),
        )
        t.match(await b.query('SELECT attempt FROM run WHERE job_id = $1', [jobId]), [
          { attempt: 1 + handovers },
        ])
      })
    }
  },
)

void t.test('a stop closes the session and leaves the run without a lease', { buffered: true }, async (t) => {
  const b = await bench(t)
  const host = await b.lab.add('asr9k', { timing: { operationMs: 60_000 } })
  const first = await b.start({ EXECUTOR_SOLE: 'false' })
  const { jobId } = b.offer(host, 'Add', { softwarePackages: [fixes.asr9k.file] })
  await journalled(b, jobId, 'operation_id IS NOT NULL')
  await first.stop()
  t.equal(host.router.state().sessions.length, 0, 'the session is closed')
  t.match(await b.query("SELECT 1 AS free FROM run WHERE state = 'running' AND lease_until = 'epoch'"), [
    { free: 1 },
  ])
  const claims = b.claims
  t.equal(b.results.length, 0, 'no result')
  await b.start({ EXECUTOR_SOLE: 'false' })
  host.router.hurry()
  t.match(await b.result(jobId), { outcome: 'completed', packageChanges: [fixes.asr9k.name] })
  t.equal(host.router.counts().add, 1)
  t.ok(b.claims > claims)
})

void t.test('an executor that stops takes no new run', { buffered: true }, async (t) => {
  const b = await bench(t)
  // Leases run out when nobody waits any more: what the stopping one holds on to would never end.
  const times = { EXECUTOR_SOLE: 'false', EXECUTOR_SWEEP_INTERVAL: '1h' }
  await b.start({ ...times, EXECUTOR_NAME: 'stays' })
  const stopping = await b.start({ ...times, EXECUTOR_NAME: 'stops' })
  const busy = await b.lab.add('asr9k', { faults: [{ kind: 'slow', match: 'show version', delayMs: 500 }] })
  const asks = (host: LabHost) => b.offer(host, 'Pre-Upgrade', {}, 'stops')
  const runs = (jobId: number) =>
    b.query<{ kind: string; payload: { executor?: string } }>(
      "SELECT kind, payload FROM job_event WHERE job_id = $1 AND kind NOT IN ('status', 'step') ORDER BY seq",
      [jobId],
    )
  const own = asks(busy)
  await command(busy.router, /show version/)

  // Its question for work is on its way when it is told to stop, and answered after it.
  const late = await b.lab.add('asr9k')
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    b.onClaim = (executorId) => {
      if (!executorId.startsWith('stops-')) return undefined
      resolve()
      return new Promise((answered) => {
        answer = answered
      })
    }
  })
  const handedOut = asks(late)
  await asked
  const stopped = stopping.stop()
  const waits = asks(await b.lab.add('asr9k'))
  answer()
  b.onClaim = () => undefined
  await stopped

  for (const { jobId } of [own, handedOut]) {
    t.match(await b.result(jobId), { outcome: 'completed' })
    const told = (await runs(jobId)).filter(({ kind }) => kind === 'resumed')
    t.match(told.at(-1), { payload: { executor: /^stays-/, after: 'released' } })
  }
  t.same(
    (await runs(handedOut.jobId)).map(({ kind }) => kind),
    ['claimed', 'handed-over', 'resumed', 'started', 'ended'],
    'what it had been given already it hands over unbegun',
  )
  t.equal(late.router.sessionLog().length, 1, 'and does not even log in for it')
  t.same(await runs(waits.jobId), [], 'what comes later it does not take')
})

void t.test('a full executor takes over what another left behind', { buffered: true }, async (t) => {
  const b = await bench(t)
  const times = { EXECUTOR_SOLE: 'false', EXECUTOR_CONCURRENCY: '1', EXECUTOR_SWEEP_INTERVAL: '1h' }
  const [left, own, third] = await Promise.all(
    ['left', 'own', 'third'].map(() => b.lab.add('asr9k', { timing: { operationMs: 60_000 } })),
  )
  if (left === undefined || own === undefined || third === undefined) throw new Error('no host')
  const stopping = await b.start({ ...times, EXECUTOR_NAME: 'stopping' })
  const softwarePackages = [fixes.asr9k.file]
  const first = b.offer(left, 'Add', { softwarePackages }, 'stopping')
  await journalled(b, first.jobId, 'operation_id IS NOT NULL')
  await b.start({ ...times, EXECUTOR_NAME: 'full' })
  const second = b.offer(own, 'Add', { softwarePackages }, 'full')
  await journalled(b, second.jobId, 'operation_id IS NOT NULL')
  const waits = b.offer(third, 'Add', { softwarePackages }, 'full')
  await stopping.stop()
  left.router.hurry()
  t.match(await b.result(first.jobId), { outcome: 'completed' }, 'beside its own run')
  t.same(
    await b.query('SELECT 1 FROM run WHERE job_id = $1', [waits.jobId]),
    [],
    'but takes nothing new while it is full',
  )
  own.router.hurry()
  t.match(await b.result(second.jobId), { outcome: 'completed' })
})

const silences = {
  'neither request nor log': 'show install (request|log)',
  'no log': 'show install log',
  'no request': 'show install request',
}

for (const family of ['asr9k', 'ncs5500'] as const) {
  void t.test(`${family} does not tell whether it got a command`, { buffered: true, jobs: 4 }, async (t) => {
    const b = await bench(t)
    await b.start({ EXECUTOR_SOLE: 'false', EXECUTOR_NAME: 'survivor', EXECUTOR_BUSY_TIMEOUT: '0' })
    for (const [n, [silence, match]] of Object.entries(silences).entries()) {
      for (const text of ['', 'x\x01%&$ 7 ~']) {
        const EXECUTOR_NAME = `mortal${n}${text.length}`
        const fix = demoPackages(family).filter(({ file }) => file === fixes[family].file)
        const host = await b.lab.add(family, { inactive: fix })
        const mortal = await b.startMortal(host, {
          EXECUTOR_NAME,
          EXECUTOR_SOLE: 'false',
          EXECUTOR_SWEEP_INTERVAL: '1h',
        })
        void t.test(`${silence}: ${text === '' ? 'empty' : 'garbled'}`, { buffered: true }, async (t) => {
          const held = mortal.toDatabase.hold('INSERT INTO journal', 'reply')
          const job = b.offer(host, 'Activate', { softwarePackages: [fixes[family].file] }, EXECUTOR_NAME)
          await held
          await journalled(b, job.jobId, 'outcome IS NULL')
          await mortal.kill()
          host.router.setFaults([{ kind: 'reject', match, text }])
          await b.query("UPDATE run SET lease_until = 'epoch' WHERE job_id = $1", [job.jobId])
          const result = await b.result(job.jobId)
          t.match(result, { outcome: 'failed', packageChanges: [] })
          t.match(result.statusMessage, /does not tell whether it got the command .*It is not sent again\./)
          t.same(host.router.mutations, [], 'and it is not sent again')
        })
      }
    }
  })
}

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
