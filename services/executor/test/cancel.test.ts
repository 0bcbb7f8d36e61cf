// A cancelled run sends nothing further, stops what it began on the router where the router lets it, and says what
// happened there; whatever moment the cancellation comes, and whoever has the run by then.
import type { SimulatedRouter } from '@slipway/router-sim'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench } from './harness.ts'

const families = ['asr9k', 'ncs5500'] as const
const fixes = {
  asr9k: 'asr9k-px-5.3.3.CSCuy81837.pie',
  ncs5500: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
}

t.jobs = 4

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
const kindsOf = async (b: Bench, jobId: number) =>
  (await b.query<{ kind: string }>('SELECT kind FROM job_event WHERE job_id = $1 ORDER BY seq', [jobId])).map(
    ({ kind }) => kind,
  )

void t.test('a running job is cancelled', { buffered: true, jobs: 8 }, async (t) => {
  const b = await bench(t)
  await b.start()
  for (const family of families) {
    const softwarePackages = [fixes[family]]
    const slow = { timing: { operationMs: 20_000 } }

    void t.test(`${family}: its operation is aborted`, async (t) => {
      const host = await b.lab.add(family, slow)
      const { jobId } = b.offer(host, 'Add', { softwarePackages })
      await journalled(b, jobId, 'operation_id IS NOT NULL')
      await b.cancel(jobId, 'olga')
      t.match(await b.result(jobId), {
        outcome: 'failed',
        statusMessage: 'Cancelled by olga. Install operation 1 (add) was aborted on the router.',
        packageChanges: [],
      })
      t.match(host.router.counts(), { add: 1, abort: 1 })
      t.match(host.router.state().operations, [{ id: 1, state: 'aborted' }])
      t.equal(host.router.state().sessions.length, 0)
      const kinds = await kindsOf(b, jobId)
      t.same(
        kinds.filter((kind) => kind !== 'status' && kind !== 'step'),
        ['claimed', 'started', 'command', 'cancel-requested', 'command', 'ended'],
      )
      await b.cancel(jobId, 'nils')
      t.same(await kindsOf(b, jobId), kinds, 'what has ended cannot be cancelled')
    })

    void t.test(`${family}: its operation cannot be aborted any more`, async (t) => {
      const host = await b.lab.add(family, slow)
      host.router.setFaults([{ kind: 'reject', match: 'install abort', text: '% The operation is too far' }])
      void command(host.router, /install abort/).then(() => host.router.hurry())
      const { jobId } = b.offer(host, 'Add', { softwarePackages })
      await journalled(b, jobId, 'operation_id IS NOT NULL')
      await b.cancel(jobId, 'olga')
      t.match(await b.result(jobId), {
        outcome: 'failed',
        statusMessage: 'Cancelled by olga. Install operation 1 (add) could not be aborted: it has completed.',
      })
      t.match(host.router.counts(), { add: 1, abort: 1 })
      t.match(host.router.state().operations, [{ state: 'succeeded' }])
    })

    void t.test(`${family}: it waits for another operation`, async (t) => {
      const host = await b.lab.add(family, slow)
      const first = b.offer(host, 'Add', { softwarePackages })
      await journalled(b, first.jobId, 'operation_id IS NOT NULL')
      const { jobId } = b.offer(host, 'Commit')
      await until(
        () => b.progress.some((said) => said.jobId === jobId && /^Waiting for/.test(said.message)),
        {
          message: 'it waits',
        },
      )
      await b.cancel(jobId, 'olga')
      t.match(await b.result(jobId), {
        outcome: 'failed',
        statusMessage: 'Cancelled by olga. Nothing was changed on the router.',
      })
      t.match(host.router.counts(), { commit: 0, abort: 0 })
      await b.cancel(first.jobId, 'olga')
      await b.result(first.jobId)
    })

    void t.test(`${family}: it has done its change already`, async (t) => {
      const host = await b.lab.add(family)
      t.match(await b.run(host, 'Add', { softwarePackages }), { outcome: 'completed' })
      host.router.setFaults([{ kind: 'hang', match: 'show inventory$' }])
      const { jobId } = b.offer(host, 'Commit')
      await command(host.router, /show inventory$/)
      await b.cancel(jobId, 'olga')
      t.match(
        (await b.result(jobId)).statusMessage,
        /^Cancelled by olga\. '.*install commit' had been carried out\.$/,
      )
      t.match(host.router.counts(), { commit: 1, abort: 0 })
    })
  }

  void t.test('it waits for a router that does not answer', async (t) => {
    const host = await b.lab.add('asr9k', { faults: [{ kind: 'mute' }] })
    const { jobId } = b.offer(host, 'Commit')
    await until(() => b.progress.some((said) => said.jobId === jobId), { message: 'it connects' })
    await b.cancel(jobId, 'olga')
    t.match(await b.result(jobId), { statusMessage: 'Cancelled by olga. Nothing was changed on the router.' })
  })

  void t.test('a question of the router is answered with no', async (t) => {
    const host = await b.lab.add('ncs5500')
    const softwarePackages = [fixes.ncs5500]
    t.match(await b.run(host, 'Add', { softwarePackages }), { outcome: 'completed' })
    host.router.setFaults([{ kind: 'slow', match: 'install activate', delayMs: 700 }])
    const { jobId } = b.offer(host, 'Activate', { softwarePackages })
    await command(host.router, /install activate/)
    await b.cancel(jobId, 'olga')
    const { statusMessage } = await b.result(jobId)
    t.match(statusMessage, /^Cancelled by olga\. 'install activate .*' had no effect: .*aborted/)
    t.match(host.router.counts(), { activate: 1, abort: 0, reload: 0 })
    t.match(host.router.state(), { reloads: 0 })
  })

  void t.test('it was cancelled before an executor had it', async (t) => {
    const host = await b.lab.add('asr9k')
    const { jobId } = b.offer(host, 'Commit', { jobId: 900, submission: 3 })
    // The offer is answered a turn later: the delivery goes ahead of it.
    await b.cancel(jobId, 'olga', 3)
    t.match(await b.result(jobId), { statusMessage: 'Cancelled by olga. Nothing was changed on the router.' })
    t.match(host.router.counts(), { commit: 0 })
  })

  void t.test('an earlier submission was meant', async (t) => {
    const host = await b.lab.add('asr9k')
    await b.cancel(901, 'olga', 1)
    t.match(await b.run(host, 'Commit', { jobId: 901, submission: 2 }), { outcome: 'completed' })
  })
})

for (const family of families) {
  void t.test(
    `${family}: whoever takes a cancelled run over stops its operation`,
    { buffered: true },
    async (t) => {
      const b = await bench(t)
      const host = await b.lab.add(family, { timing: { operationMs: 20_000 } })
      const mortal = await b.startMortal(host)
      const { jobId } = b.offer(host, 'Add', { softwarePackages: [fixes[family]] })
      await journalled(b, jobId, 'operation_id IS NOT NULL')
      await mortal.kill()
      // Delivered to one who has no part in the run, and has it only on record.
      const idle = await b.start({ EXECUTOR_SOLE: 'false' })
      await b.cancel(jobId, 'olga')
      await idle.stop()
      await b.start()
      t.match(await b.result(jobId), {
        statusMessage: 'Cancelled by olga. Install operation 1 (add) was aborted on the router.',
      })
      t.match(host.router.counts(), { add: 1, abort: 1 })
    },
  )

  void t.test(`${family}: an abort is sent once, whoever dies after it`, { buffered: true }, async (t) => {
    const b = await bench(t)
    const host = await b.lab.add(family, { timing: { operationMs: 20_000 } })
    const mortal = await b.startMortal(host)
    const { jobId } = b.offer(host, 'Add', { softwarePackages: [fixes[family]] })
    await journalled(b, jobId, 'operation_id IS NOT NULL')
    const aborted = command(host.router, /install abort/)
    await b.cancel(jobId, 'olga')
    await aborted
    await mortal.kill()
    await b.start()
    t.match(await b.result(jobId), {
      statusMessage: 'Cancelled by olga. Install operation 1 (add) was aborted on the router.',
    })
    t.match(host.router.counts(), { add: 1, abort: 1 })
  })
}
