// The kill table: every action that changes a router, on both kinds of IOS XR, killed at each of five moments. The
// next executor finishes the run or fails it clearly; the router gets the command once, and there is one result.
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench, type LabHost, type Mortal } from './harness.ts'
import {
  type Action,
  actions,
  checkKilled,
  type Family,
  families,
  fixFiles,
  inProgress,
  journal,
  lasts,
  type Moment,
  moments,
  restarts,
  startOf,
} from './kill-cases.ts'

interface Case {
  readonly b: Bench
  readonly host: LabHost
  readonly family: Family
  readonly action: Action
  readonly mortal: Mortal
}

/** Sets the trap for a moment, before the job is offered. @returns resolves when the moment has come */
async function moment({ b, host, action, mortal }: Case, when: Moment, jobId: number): Promise<unknown> {
  const { router } = host
  const event = (name: 'reload') => new Promise<void>((resolve) => router.once(name, () => resolve()))
  switch (when) {
    case 'before it is sent':
      // Written down, and the executor does not hear of it any more.
      await mortal.toDatabase.hold('INSERT INTO journal', 'reply')
      return until(async () => (await journal(b, jobId)).length === 1, { message: 'the journal has it' })
    case 'before the answer':
      return new Promise<void>((resolve) => {
        router.on('command', () => {
          if (router.mutations.length > 0) resolve()
        })
      })
    case 'in progress':
      return inProgress(b, jobId)
    case 'in the restart': {
      const reload = event('reload')
      if (!restarts(action)) {
        await inProgress(b, jobId)
        router.powerCycle()
      }
      return reload
    }
    case 'before the result':
      return mortal.toDatabase.hold("state = 'ended', outcome", 'request')
  }
}

t.jobs = 5

for (const family of families) {
  for (const action of actions) {
    void t.test(`${action} on ${family}, its executor killed`, { jobs: 5, buffered: true }, async (t) => {
      const b = await bench(t)
      // All are there before the first dies, so that only the survivor looks for what is left behind.
      const prepared = await Promise.all(
        moments.map(async (when, n) => {
          const timing = { operationMs: lasts(when, action) ? 60_000 : 200 }
          const host = await b.lab.add(family, { ...startOf(family, action), timing })
          const env = { EXECUTOR_NAME: `mortal${n}`, EXECUTOR_SOLE: 'false', EXECUTOR_SWEEP_INTERVAL: '1h' }
          return { when, host, mortal: await b.startMortal(host, env), name: env.EXECUTOR_NAME }
        }),
      )
      await b.start({ EXECUTOR_SOLE: 'false', EXECUTOR_NAME: 'survivor' })
      for (const { when, host, mortal, name } of prepared) {
        void t.test(when, { buffered: true }, async (t) => {
          const softwarePackages = action === 'Commit' ? [] : [fixFiles[family]]
          const { jobId } = b.offer(host, action, { softwarePackages }, name)
          await moment({ b, host, family, action, mortal }, when, jobId)
          await mortal.kill()
          t.notOk(
            b.results.some((each) => each.jobId === jobId),
            'nobody was told a result',
          )
          await b.query("UPDATE run SET lease_until = 'epoch' WHERE job_id = $1 AND state <> 'ended'", [
            jobId,
          ])
          host.router.hurry()
          await checkKilled(t, { b, host, family, action, when, jobId })
        })
      }
    })
  }
}
