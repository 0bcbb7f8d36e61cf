import { installActions, installChain, type JobInput, type JobStatus, jobStatuses } from '@slipway/contracts'
import fc from 'fast-check'
import t from 'tap'
import { type KnownJob, planRows, type RowPlan } from '../../src/jobs/dependencies.ts'

const hosts = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const
const [R1, R2] = hosts
type Row = Parameters<typeof planRows>[0][number]
type Action = Row['action']

/** A moment on one day, by its hour. */
const at = (hour: number) => `2016-06-15T${String(hour).padStart(2, '0')}:00:00.000Z`
const row = (action: Action, more: Partial<Row> = {}): Row => ({
  hostId: R1,
  action,
  scheduledTime: at(12),
  ...more,
})
const onId = (jobId: number) => ({ jobId, asGiven: String(jobId) })
const onAction = (action: Action) => ({ action, asGiven: action })
const known = (id: number, action: Action, hour: number, more: Partial<KnownJob> = {}): KnownJob => ({
  id,
  hostId: R1,
  action,
  scheduledTime: Date.parse(at(hour)),
  status: 'scheduled',
  ...more,
})
/** 'Add' for a row of the request, 118 for a job, an error code, or undefined. */
const show = (rows: readonly Row[], plan: RowPlan | undefined) => {
  if (plan === undefined) return 'no plan'
  if ('error' in plan) return plan.error.code
  if (plan.link === undefined) return undefined
  return 'job' in plan.link ? plan.link.job.id : rows[plan.link.row]?.action
}
const linksOf = (rows: readonly Row[], jobs: readonly KnownJob[] = []) =>
  planRows(rows, jobs).map((plan) => show(rows, plan))

t.test('the implicit chain', async (t) => {
  t.test('links the five actions in the order of the guide, whatever the order of the rows', async (t) => {
    const rows = (['Commit', 'Add', 'Post-Upgrade', 'Pre-Upgrade', 'Activate'] as const).map((a) => row(a))
    t.same(linksOf(rows), ['Post-Upgrade', 'Pre-Upgrade', 'Activate', undefined, 'Add'])
  })
  t.test('skips links that are absent: Add becomes the dependency of Post-Upgrade', async (t) => {
    t.same(linksOf([row('Post-Upgrade'), row('Add')]), ['Add', undefined])
  })
  t.test('is per host', async (t) => {
    t.same(linksOf([row('Add'), row('Activate', { hostId: R2 })]), [undefined, undefined])
  })
  t.test('does not hold for Remove and Deactivate', async (t) => {
    t.same(linksOf([row('Add'), row('Remove'), row('Deactivate'), row('Commit')]), [
      undefined,
      undefined,
      undefined,
      'Add',
    ])
  })
  t.test('holds for a link that is scheduled later, which is told', async (t) => {
    const plans = planRows([row('Add', { scheduledTime: at(15) }), row('Activate')], [])
    t.same(plans, [
      { link: undefined, later: false },
      { link: { row: 0 }, later: true },
    ])
  })
  t.test('gives way to an explicit dependency', async (t) => {
    const rows = [row('Pre-Upgrade'), row('Add', { dependency: onId(118) })]
    t.same(linksOf(rows, [known(118, 'Commit', 3)]), [undefined, 118])
  })
})

t.test('a dependency by id', async (t) => {
  const one = (jobs: readonly KnownJob[]) => linksOf([row('Add', { dependency: onId(118) })], jobs)
  t.test('must exist', async (t) => t.same(one([]), ['SCHEDULER_DEPENDENCY_NOT_FOUND']))
  t.test('must be of the same host, which is told before anything else of it', async (t) => {
    t.same(one([known(118, 'Add', 20, { hostId: R2, status: 'failed' })]), [
      'SCHEDULER_DEPENDENCY_OTHER_HOST',
    ])
  })
  t.test('must not be scheduled later, which is told before that it failed', async (t) => {
    t.same(one([known(118, 'Add', 13, { status: 'failed' })]), ['SCHEDULER_DEPENDENCY_LATER'])
  })
  t.test('must not have failed', async (t) => {
    t.same(one([known(118, 'Add', 12, { status: 'failed' })]), ['SCHEDULER_DEPENDENCY_FAILED'])
  })
  t.test('may be scheduled for the same time, in progress or completed', async (t) => {
    for (const status of ['scheduled', 'in-progress', 'completed'] as const) {
      t.same(one([known(118, 'Add', 12, { status })]), [118])
    }
  })
  t.test('is told as it was given', async (t) => {
    const [plan] = planRows([row('Add', { dependency: { jobId: 7, asGiven: '007' } })], [])
    t.match(plan, { error: { message: "Dependency '007' does not exist in the database." } })
  })
})

t.test('a dependency by action', async (t) => {
  const post = row('Post-Upgrade', { dependency: onAction('Add') })
  t.test("takes the second of two earlier Adds, not the later one (the guide's example)", async (t) => {
    t.same(linksOf([post], [known(1, 'Add', 8), known(2, 'Add', 10), known(3, 'Add', 15)]), [2])
  })
  t.test('takes the latest-scheduled, not the one created last', async (t) => {
    t.same(linksOf([post], [known(5, 'Add', 8), known(2, 'Add', 10)]), [2])
  })
  t.test('takes the highest id where times are equal', async (t) => {
    t.same(linksOf([post], [known(9, 'Add', 10), known(3, 'Add', 10)]), [9])
  })
  t.test('prefers a row of the request to a job of the same time', async (t) => {
    t.same(linksOf([post, row('Add')], [known(9, 'Add', 12)]), ['Add', undefined])
  })
  t.test('takes a later-scheduled job rather than an earlier row of the request', async (t) => {
    t.same(linksOf([post, row('Add', { scheduledTime: at(5) })], [known(9, 'Add', 10)]), [9, undefined])
  })
  t.test('does not look at the status when it chooses, and refuses a chosen one that failed', async (t) => {
    const jobs = [known(1, 'Add', 8, { status: 'completed' }), known(2, 'Add', 10, { status: 'failed' })]
    t.same(linksOf([post], jobs), ['SCHEDULER_DEPENDENCY_FAILED'])
  })
  t.test('is later where there are only later ones, in the database or the request', async (t) => {
    t.same(linksOf([post], [known(3, 'Add', 15)]), ['SCHEDULER_DEPENDENCY_LATER'])
    t.same(linksOf([post, row('Add', { scheduledTime: at(13) })]), ['SCHEDULER_DEPENDENCY_LATER', undefined])
  })
  t.test('is invalid where there is none on the host', async (t) => {
    const plans = planRows([post], [known(1, 'Add', 8, { hostId: R2 })])
    t.match(plans, [
      {
        error: {
          message: "'Add' is an invalid dependency or dependency does not belong to the same host.",
        },
      },
    ])
  })
  t.test('looks in the request only for earlier links of the chain', async (t) => {
    const rows = [row('Add', { dependency: onAction('Commit') }), row('Commit')]
    t.same(linksOf(rows), ['SCHEDULER_DEPENDENCY_INVALID', 'SCHEDULER_DEPENDENCY_ROW_FAILED'])
    t.same(linksOf(rows, [known(4, 'Commit', 2)]), [4, 'Add'])
  })
  t.test('is never the row itself', async (t) => {
    const add = row('Add', { dependency: onAction('Add') })
    t.same(linksOf([add]), ['SCHEDULER_DEPENDENCY_INVALID'])
    t.same(linksOf([add], [known(6, 'Add', 12)]), [6])
  })
  t.test('is honoured on Remove and Deactivate, also towards rows of the request', async (t) => {
    const rows = [row('Remove', { dependency: onAction('Commit') }), row('Commit')]
    t.same(linksOf(rows), ['Commit', undefined])
  })
})

t.test('what is neither an id nor an action is an invalid dependency', async (t) => {
  t.same(linksOf([row('Add', { dependency: { unknown: true, asGiven: 'Upgrade' } })]), [
    'SCHEDULER_DEPENDENCY_INVALID',
  ])
})

t.test('rows that would close a circle fail, and those that follow them', async (t) => {
  const rows = [
    row('Remove', { dependency: onAction('Commit') }),
    row('Commit'),
    row('Pre-Upgrade', { dependency: onAction('Remove') }),
    row('Deactivate', { dependency: onAction('Remove') }),
  ]
  t.same(linksOf(rows), [
    'SCHEDULER_DEPENDENCY_INVALID',
    'SCHEDULER_DEPENDENCY_ROW_FAILED',
    'SCHEDULER_DEPENDENCY_INVALID',
    'SCHEDULER_DEPENDENCY_ROW_FAILED',
  ])
})

t.test('a row that fails takes the rows with it that depend on it, directly or not', async (t) => {
  const rows = [
    row('Commit'),
    row('Add', { dependency: onId(4) }),
    row('Activate'),
    row('Add', { hostId: R2 }),
  ]
  t.same(linksOf(rows), [
    'SCHEDULER_DEPENDENCY_ROW_FAILED',
    'SCHEDULER_DEPENDENCY_NOT_FOUND',
    'SCHEDULER_DEPENDENCY_ROW_FAILED',
    undefined,
  ])
})

const hour = fc.integer({ min: 0, max: 23 })
const action = fc.constantFrom(...installActions)
const knownJobs = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 12 }),
    hostId: fc.constantFrom(...hosts),
    action,
    scheduledTime: hour.map((h) => Date.parse(at(h))),
    status: fc.constantFrom<JobStatus>(...jobStatuses),
  }),
  { selector: ({ id }) => id, maxLength: 8 },
)
const dependency = fc.oneof(
  fc.integer({ min: 0, max: 14 }).map(onId),
  action.map(onAction),
  fc.constant({ unknown: true as const, asGiven: 'x' }),
)
const requests = fc.uniqueArray(
  fc.record(
    { hostId: fc.constantFrom(...hosts), action, scheduledTime: hour.map(at), dependency },
    { requiredKeys: ['hostId', 'action', 'scheduledTime'] },
  ),
  { selector: (one) => `${one.hostId} ${one.action}`, minLength: 1 },
) as fc.Arbitrary<Pick<JobInput, 'hostId' | 'action' | 'scheduledTime' | 'dependency'>[]>

t.test(
  'every row is answered, and rows of a plan never wait in a circle or for a row that failed',
  async () => {
    fc.assert(
      fc.property(requests, knownJobs, (rows, jobs) => {
        const plans = planRows(rows, jobs)
        if (plans.length !== rows.length) return false
        return plans.every((first) => {
          let plan: RowPlan | undefined = first
          for (
            let steps = 0;
            plan !== undefined && !('error' in plan) && plan.link !== undefined;
            steps += 1
          ) {
            if ('job' in plan.link) return true
            if (steps > rows.length) return false
            plan = plans[plan.link.row]
            if (plan === undefined || 'error' in plan) return false
          }
          return true
        })
      }),
    )
  },
)

t.test('the order of the rows plays no part', async () => {
  const shuffled = requests.chain((rows) =>
    fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
  )
  fc.assert(
    fc.property(shuffled, knownJobs, ([rows, other], jobs) => {
      const table = (some: readonly Row[]) =>
        linksOf(some, jobs)
          .map((link, index) => `${some[index]?.hostId} ${some[index]?.action} ${link}`)
          .sort()
      return JSON.stringify(table(rows)) === JSON.stringify(table(other))
    }),
  )
})

t.test('a dependency is of the same host, an explicit one never later or failed', async () => {
  fc.assert(
    fc.property(requests, knownJobs, (rows, jobs) =>
      planRows(rows, jobs).every((plan, index) => {
        const own = rows[index]
        if (own === undefined || 'error' in plan || plan.link === undefined) return true
        if ('row' in plan.link) return rows[plan.link.row]?.hostId === own.hostId
        const { hostId, scheduledTime, status } = plan.link.job
        return hostId === own.hostId && scheduledTime <= Date.parse(own.scheduledTime) && status !== 'failed'
      }),
    ),
  )
})

t.test('rows without dependencies follow the chain alone', async () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...installChain], { minLength: 1 }), (actions) => {
      const rows = actions.map((one) => row(one))
      const inChain = installChain.filter((one) => actions.includes(one))
      return actions.every((one, index) => {
        const previous = inChain[inChain.indexOf(one) - 1]
        return linksOf(rows)[index] === previous
      })
    }),
  )
})
