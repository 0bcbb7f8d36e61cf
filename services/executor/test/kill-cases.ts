// The kill table's rows: what is on the router, when its executor is killed, and how the run must end after it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoPackages, initialPackages, type RouterOptions } from '@slipway/router-sim'
import { until } from '@slipway/test-kit'
import type { Test } from 'tap'
import type { Bench, LabHost } from './harness.ts'

export const families = ['asr9k', 'ncs5500'] as const
export type Family = (typeof families)[number]
export const actions = ['Add', 'Activate', 'Commit', 'Remove', 'Deactivate'] as const
export type Action = (typeof actions)[number]
type Kind = 'add' | 'activate' | 'commit' | 'remove' | 'deactivate'

/** A fix of each family that needs a restart, as file and as package. */
export const fixFiles = {
  asr9k: 'asr9k-px-5.3.3.CSCuy81837.pie',
  ncs5500: 'ncs5500-os-support-2.0.0.1-r601.CSCuz13026.x86_64.rpm',
} as const

function fixOf(family: Family) {
  const found = demoPackages(family).find(({ file }) => file === fixFiles[family])
  if (found === undefined) throw new Error('no such package')
  return found
}

/** What must be on the router so that the action has something to do. */
export function startOf(family: Family, action: Action): Partial<RouterOptions> {
  const fix = fixOf(family)
  if (action === 'Activate' || action === 'Remove') return { inactive: [fix] }
  if (action === 'Commit') return { uncommitted: [fix] }
  return action === 'Deactivate' ? { packages: [...initialPackages(family), fix] } : {}
}

export const moments = [
  'before it is sent',
  'before the answer',
  'in progress',
  'in the restart',
  'before the result',
] as const
export type Moment = (typeof moments)[number]

export const restarts = (action: Action) => action === 'Activate' || action === 'Deactivate'
/** An operation that waits for `hurry`; the others end by themselves. */
export const lasts = (moment: Moment, action: Action) =>
  moment === 'in progress' || (moment === 'in the restart' && !restarts(action))

export const journal = (b: Bench, jobId: number) =>
  b.query<{ outcome: string | null; operation_id: number | null }>(
    'SELECT outcome, operation_id FROM journal WHERE job_id = $1 ORDER BY id',
    [jobId],
  )

/** The operation is known by its number; a synchronous command of classic XR tells percentages before it returns. */
export async function inProgress(b: Bench, jobId: number): Promise<void> {
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
export function expected(family: Family, action: Action, when: Moment): RegExp | undefined {
  // 64-bit XR asks for a password (Add) or whether it may restart, and gives up when the session ends there.
  const asks = family === 'ncs5500' && (action === 'Add' || restarts(action))
  if (when === 'before the answer' && asks) return /^Operation \d+ failed: /
  // A router that restarts in the middle of an operation drops the operation.
  if (when === 'in the restart' && !restarts(action)) return /^Operation \d+ failed: /
  return undefined
}

/** A run of the table that has been killed and has come to its end. */
export interface Killed {
  readonly b: Bench
  readonly host: LabHost
  readonly family: Family
  readonly action: Action
  readonly when: Moment
  readonly jobId: number
}

/** One command on the router, one result, and all that is on record fits to them. */
export async function checkKilled(t: Test, { b, host, family, action, when, jobId }: Killed): Promise<void> {
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
}
