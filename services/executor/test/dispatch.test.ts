import type { ClaimedJob } from '@slipway/contracts'
import { createLogger, systemClock } from '@slipway/service-kit'
import { type Teardown, until } from '@slipway/test-kit'
import t from 'tap'
import { createActiveRuns } from '../src/runs/active-runs.ts'
import { type DispatchDeps, startDispatch } from '../src/runs/dispatch-service.ts'
import type { Run } from '../src/runs/run.ts'

const job = (jobId: number): ClaimedJob => ({
  jobId,
  submission: 1,
  kind: 'install',
  hostId: '00000000-0000-4000-8000-000000000001',
  hostname: 'R1',
  action: 'Commit',
  serverDirectory: '',
  softwarePackages: [],
  commandProfiles: [],
  createdBy: 'olga',
})

const runOf = (claimed: ClaimedJob): Run => ({
  jobId: claimed.jobId,
  submission: 1,
  attempt: 1,
  firstAttempt: 1,
  state: 'running',
  claimedBy: 'e1',
  job: claimed,
  startedAt: undefined,
  cancelledBy: undefined,
})

/**
 * A dispatch whose scheduler always has work, or never answers (`silent`), and whose runs never end before they are told to.
 */
function stage(t: Teardown, record: DispatchDeps['store']['record'], { silent = false } = {}) {
  let sweeps = 0
  const asked: number[] = []
  const given: number[] = []
  let ended: () => void = () => undefined
  const end = new Promise<void>((resolve) => {
    ended = resolve
  })
  let handedOut = 0
  const request = async (_message: unknown, { free }: { free: number }) => {
    asked.push(free)
    if (silent) await end
    const jobs = Array.from({ length: Math.min(free, 2) }, (_, index) => job(handedOut + index + 1))
    handedOut += jobs.length
    return { jobs, nextDueInMs: 0 }
  }
  const runs = createActiveRuns(systemClock, 1_000)
  const dispatch = startDispatch({
    executorId: 'e1',
    // Only claims are asked for here: the runs are begun already.
    bus: { request: request as unknown as DispatchDeps['bus']['request'] },
    runs,
    store: {
      record,
      start: async () => [],
      drop: async () => undefined,
      takeOver: async () => {
        sweeps += 1
        return []
      },
      release: async () => undefined,
    },
    clock: systemClock,
    times: { leaseMs: 30_000, renewMs: 10_000, takeOverGraceMs: 5_000, marginMs: 1_000 },
    concurrency: 5,
    sweepMs: silent ? 5 : 60_000,
    log: createLogger({ service: 'executor', level: 'silent' }),
    metrics: { begun: () => undefined },
    giveBack: async ({ jobId }) => void given.push(jobId),
    perform: () => end,
  })
  t.teardown(async () => {
    ended()
    await dispatch.stop()
  })
  return { dispatch, asked, given, runs, sweeps: () => sweeps }
}

t.test('claims more while claimed jobs are being recorded, never more than there are places', async (t) => {
  const recording: (() => void)[] = []
  const { dispatch, asked, runs } = stage(t, async (_id, jobs) => {
    await new Promise<void>((resolve) => void recording.push(resolve))
    return jobs.map(runOf)
  })
  const claims = () => {
    dispatch.wake()
    return asked.length
  }
  await until(() => claims() === 3, { message: 'claims while nothing is recorded' })
  t.same(asked, [5, 3, 1])
  for (const go of recording) go()
  await until(() => runs.count() === 5, { message: 'all run' })
  dispatch.wake()
  await new Promise(setImmediate)
  t.equal(asked.length, 3, 'no place is left')
})

t.test('what cannot be recorded keeps no jobs from others: nothing is claimed for a while', async (t) => {
  let failures = 0
  const { dispatch, asked } = stage(t, async () => {
    failures += 1
    throw new Error('the database is away')
  })
  await until(() => failures > 0, { message: 'a recording fails' })
  const before = asked.length
  for (let turn = 0; turn < 20; turn += 1) {
    dispatch.wake()
    await new Promise(setImmediate)
  }
  t.equal(asked.length, before)
})

t.test('what is recorded while it stops is given back', async (t) => {
  let go: (() => void) | undefined
  const { dispatch, given } = stage(t, async (_id, jobs) => {
    await new Promise<void>((resolve) => {
      go = resolve
    })
    return jobs.map(runOf)
  })
  await until(() => go !== undefined, { message: 'jobs are being recorded' })
  const stopping = dispatch.stop()
  go?.()
  await stopping
  t.same(given, [1, 2])
})

t.test(
  'a scheduler that owes an answer keeps nobody from looking for runs that were left behind',
  async (t) => {
    const { asked, sweeps } = stage(t, async () => [], { silent: true })
    await until(() => sweeps() > 3, { message: 'several looks' })
    t.equal(asked.length, 1, 'while one question has no answer')
  },
)
