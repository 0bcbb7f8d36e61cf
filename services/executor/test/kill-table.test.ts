// The kill table: every action that changes a router, on both kinds of IOS XR, killed at each of five moments. The
// next executor finishes the run or fails it clearly; the router gets the command once, and there is one result.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoPackages, initialPackages, type RouterOptions } from '@slipway/router-sim'
import { until } from '@slipway/test-kit'
import t from 'tap'
import { type Bench, bench, type LabHost, type Mortal } from './harness.ts'

const families = ['asr9k', 'ncs5500'] as const
type Family = (typeof families)[number]
const actions = ['Add', 'Activate', 'Commit', 'Remove', 'Deactivate'] as const
type Action = (typeof actions)[number]
type Kind = 'add' | 'activate' | 'commit' | 'remove' | 'deactivate'

/** A fix of each family that needs a restart, as file and as package. */
const fixFiles = {
  asr9k: 'asr9k-px-5.3.3.CSCuy81837.pie',
  ncs5500: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
} as const

function fixOf(family: Family) {
  const found = demoPackages(family).find(({ file }) => file === fixFiles[family])
  if (found === undefined) throw new Error('no such package')
  return found
}

/** What must be on the router so that the action has something to do. */
function startOf(family: Family, action: Action): Partial<RouterOptions> {
  const fix = fixOf(family)
  if (action === 'Activate' || action === 'Remove') return { inactive: [fix] }
  if (action === 'Commit') return { uncommitted: [fix] }
  return action === 'Deactivate' ? { packages: [...initialPackages(family), fix] } : {}
}

const moments = [
  'before it is sent',
  'before the answer',
  'in progress',
  'in the restart',
  'before the result',
] as const
type Moment = (typeof moments)[number]

interface Case {
  readonly b: Bench
  readonly host: LabHost
  readonly family: Family
  readonly action: Action
  readonly mortal: Mortal
}

const restarts = (action: Action) => action === 'Activate' || action === 'Deactivate'
/** An operation that waits for `hurry`; the others end by themselves. */
const lasts = (moment: Moment, action: Action) =>
  moment === 'in progress' || (moment === 'in the restart' && !restarts(action))

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

const journal = (b: Bench, jobId: number) =>
  b.query<{ outcome: string | null; operation_id: number | null }>(
    'SELECT outcome, operation_id FROM journal WHERE job_id = $1 ORDER BY id',
    [jobId],
  )

/** The operation is known by its number; a synchronous command of classic XR tells percentages before it returns. */
async function inProgress(b: Bench, jobId: number): Promise<void> {
  const percentages = async () =>
    /\d% complete/.test(await readFile(join(b.logDir, String(jobId), '1', 'session.log'), 'latin1'))
  await until(
    async () => {
      const [entry] = await journal(b, jobId)
      return entry !== undefined && (entry.operation_id !== null || (await percentages()))
    },
    { message: 'the operation is in progress' },
  )
}

/** How a run must end that was killed at a moment. */
function expected(family: Family, action: Action, when: Moment): RegExp | undefined {
  // 64-bit XR asks for a password (Add) or whether it may restart, and gives up when the session ends there.
  const asks = family === 'ncs5500' && (action === 'Add' || restarts(action))
  if (when === 'before the answer' && asks) return /^Operation \d+ failed: /
  // A router that restarts in the middle of an operation drops the operation.
  if (when === 'in the restart' && !restarts(action)) return /^Operation \d+ failed: /
  return undefined
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
          const result = await b.result(jobId)

          const kind = action.toLowerCase() as Kind
          t.same(
            host.router.mutations.map((each) => each.kind),
            [kind],
            'the router got one command',
          )
          t.equal(b.results.filter((each) => each.jobId === jobId).length, 1, 'one result')
          const failure = expected(family, action, when)
          t.match(result.statusMessage, failure ?? /^Completed$/)
          t.equal(result.outcome, failure === undefined ? 'completed' : 'failed')
          t.same(result.warnings, [])
          const changes = failure === undefined && action !== 'Commit' ? [fixOf(family).name] : []
          t.same(result.packageChanges, changes)
          const reloads = restarts(action) && failure === undefined
          t.equal(host.router.state().reloads, reloads || when === 'in the restart' ? 1 : 0)
          const outcomes = (await journal(b, jobId)).map(({ outcome }) => outcome)
          const last = failure === undefined ? 'succeeded' : 'failed'
          t.same(outcomes, when === 'before it is sent' ? ['not-sent', last] : [last])
          const events = await b.query<{ kind: string; seq: number }>(
            'SELECT kind, seq FROM job_event WHERE job_id = $1 ORDER BY seq',
            [jobId],
          )
          t.same(
            events.map(({ seq }) => seq),
            events.map((_, n) => n + 1),
            'events without gaps',
          )
          t.equal(events.at(-1)?.kind, 'ended')
          t.match(await b.query('SELECT attempt, state FROM run WHERE job_id = $1', [jobId]), [
            { attempt: 2, state: 'ended' },
          ])
        })
      }
    })
  }
}
