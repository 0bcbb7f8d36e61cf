import { createError, inventoryMessages, schedulerMessages, toErrorBody } from '@slipway/contracts'
import t from 'tap'
import { build, failed, hostId, password, rowsIn } from './fixture.ts'

const global = { scope: 'global', target: '', name: '' } as const

t.test('switches are listed with who paused them, when and why', async (t) => {
  const { ask } = await build(t, {
    scheduler: {
      listSwitches: () => ({
        rows: [
          { ...global, paused: false, reason: '' },
          {
            scope: 'host',
            target: hostId(1),
            name: 'R1',
            paused: true,
            reason: 'why',
            pausedBy: 'neta',
            pausedAt: '2016-06-01T15:15:00.000Z',
          },
        ],
      }),
    },
  })
  const answer = await ask('GET', '/api/v1/dispatch', { auth: ['vera', password] })
  t.same(answer.json, {
    api_response: {
      dispatch_list: [
        { scope: 'global', name: '', paused: false, reason: '', paused_by: '', paused_time: '' },
        {
          scope: 'host',
          name: 'R1',
          paused: true,
          reason: 'why',
          paused_by: 'neta',
          paused_time: 'Wed, 01 Jun 2016 15:15:00 GMT',
        },
      ],
    },
  })
})

t.test('switches are set by rows, hosts by their ids', async (t) => {
  const { ask, askedFor } = await build(t, { inventory: { listRegions: regions('West  Coast') } })
  const body = [
    { scope: 'global', paused: false },
    { scope: 'region', name: ' West  Coast ', paused: true, reason: ' why ' },
    { scope: 'host', name: 'R2', paused: true, reason: null },
  ]
  const answer = await ask('POST', '/api/v1/dispatch', { body })
  t.equal(answer.status, 200)
  const paused = {
    status: 'SUCCESS',
    paused: true,
    paused_by: 'root',
    paused_time: 'Wed, 01 Jun 2016 12:00:00 GMT',
  }
  t.same(rowsIn(answer, 'dispatch_list'), [
    {
      status: 'SUCCESS',
      scope: 'global',
      name: '',
      paused: false,
      reason: '',
      paused_by: '',
      paused_time: '',
    },
    { ...paused, scope: 'region', name: 'West Coast', reason: 'why' },
    { ...paused, scope: 'host', name: 'R2', reason: '' },
  ])
  t.same(askedFor(schedulerMessages.setSwitches)[0]?.payload, {
    rows: [
      { ...global, paused: false },
      { scope: 'region', target: 'West Coast', name: 'West Coast', paused: true, reason: 'why' },
      { scope: 'host', target: hostId(2), name: 'R2', paused: true },
    ],
  })
  t.equal((await ask('POST', '/api/v1/dispatch', { body: { scope: 'global', paused: true } })).status, 200)
})

t.test('a bad row fails alone and says why', async (t) => {
  const { ask, askedFor } = await build(t, {
    inventory: { listRegions: regions('West') },
    scheduler: {
      setSwitches: ({ rows }) => ({
        rows: rows.map((row) =>
          row.name === 'R2'
            ? { error: toErrorBody(createError('INVENTORY_HOST_NOT_FOUND', ['R2'])) }
            : { switch: { ...row, reason: '' } },
        ),
      }),
    },
  })
  const cases: [row: Record<string, unknown>, message: string][] = [
    [{}, "Missing JSON key: 'scope'."],
    [{ scope: 5, paused: true }, "'scope' must be a string."],
    [{ scope: 'all', paused: true }, "'scope' is invalid: it must be one of global, region, host."],
    [{ scope: 'global', name: 'x', paused: true }, "'name' is invalid: a switch of everything has none."],
    [{ scope: 'region', paused: true }, "Missing JSON key: 'name'."],
    [{ scope: 'host', name: ['R1'], paused: true }, "'name' must be a string."],
    [{ scope: 'global', paused: true, why: 1, who: 2 }, "The following keys, 'why,who', are invalid."],
    [{ scope: 'region', name: 'West', reason: 'x' }, "Missing JSON key: 'paused'."],
    [{ scope: 'host', name: 'R1', paused: 'true' }, "'paused' must be true or false."],
    [{ scope: 'region', name: 'North', paused: true }, "Region 'North' does not exist in the database."],
    [{ scope: 'host', name: 'R9', paused: true }, "Host 'R9' does not exist in the database."],
    [{ scope: 'host', name: 'R2', paused: true }, "Host 'R2' does not exist in the database."],
    [{ scope: 'region', name: 'W'.repeat(101), paused: true }, "'name' is too long: at most 100 characters."],
    [
      { scope: 'host', name: 'My Host 1', paused: true, reason: 'a\nb' },
      "'reason' must not contain control characters.",
    ],
  ]
  const good = [
    { scope: 'region', name: 'West', paused: false },
    { scope: 'host', name: 'R1', paused: false },
  ]
  const again = { scope: 'host', name: ' R1', paused: false }
  const answer = await ask('POST', '/api/v1/dispatch', {
    body: [...good, again, ...cases.map(([row]) => row)],
  })
  t.equal(answer.status, 207)
  t.same(
    rowsIn(answer, 'dispatch_list')
      .slice(2)
      .map((row) => row['status_message']),
    ["More than one entry with the same scope and name: 'host R1'.", ...cases.map(([, message]) => message)],
  )
  t.equal(askedFor(inventoryMessages.resolveNames).length, 1)
  const none = await ask('POST', '/api/v1/dispatch', {
    body: [{ scope: 'region', name: 'North', paused: true }],
  })
  t.equal(none.status, 400)
  t.match(rowsIn(none, 'dispatch_list'), [{ status: 'FAILED', scope: 'region', name: 'North' }])
})

t.test('a region that is gone can be resumed', async (t) => {
  const gone = { scope: 'region', target: 'Old', name: 'Old', paused: true, reason: '' } as const
  const { ask } = await build(t, { scheduler: { listSwitches: () => ({ rows: [gone] }) } })
  const body = { scope: 'region', name: 'Old', paused: false }
  t.equal((await ask('POST', '/api/v1/dispatch', { body })).status, 200)
})

t.test('who may', async (t) => {
  const { ask } = await build(t)
  const as = (user: string, method: string, path: string, body?: unknown) =>
    ask(method, `/api/v1${path}`, { auth: [user, password], ...(body === undefined ? {} : { body }) })
  const pause = { scope: 'global', paused: true }
  t.equal((await as('neta', 'POST', '/dispatch', pause)).status, 200)
  t.equal((await as('olga', 'POST', '/dispatch', pause)).status, 401)
  t.equal((await as('vera', 'GET', '/dispatch')).status, 200)
  for (const path of ['/install/1/cancel', '/install/1/resubmit']) {
    t.equal((await as('olga', 'POST', path)).status, 200)
    t.equal((await as('vera', 'POST', path)).status, 401)
    t.equal((await as('olga', 'GET', path)).status, 405)
  }
})

t.test('a job is resubmitted, now or for a time', async (t) => {
  const { ask, askedFor } = await build(t)
  const path = '/api/v1/install/7/resubmit'
  const done = { api_response: { status: 'SUCCESS', id: 7, hostname: 'R1', install_action: 'Add' } }
  const when = { scheduled_time: '06-15-2016 03:15 PM', utc_offset: '-07:00' }
  const bodies = [undefined, {}, { scheduled_time: '', utc_offset: '+02:00' }, when, [when]]
  for (const body of bodies) {
    const answer = await ask('POST', path, body === undefined ? {} : { body })
    t.same([answer.status, answer.json], [200, done])
  }
  const scheduledTime = '2016-06-15T22:15:00.000Z'
  t.same(
    askedFor(schedulerMessages.resubmitJob).map(({ payload }) => payload),
    [{ id: 7 }, { id: 7 }, { id: 7 }, { id: 7, scheduledTime }, { id: 7, scheduledTime }],
  )
  const empty = await ask('POST', path, { headers: { 'content-type': 'application/json' } })
  t.equal(empty.status, 200, "the guide's clients set a content type on every request")
  const wrong: [body: unknown, message: string | RegExp][] = [
    [{ when: 1 }, "The following key, 'when', is invalid."],
    [
      { ...when, utc_offset: null },
      'Missing utc_offset. If scheduled_time is submitted, utc_offset is also required.',
    ],
    [{ ...when, utc_offset: '+15:00' }, /^Invalid utc_offset/],
    [{ ...when, scheduled_time: 'soon' }, /^Invalid scheduled_time: soon/],
    [[{}, {}], 'The request body must be one JSON object.'],
    ['{', /^The request body is not valid JSON/],
    ['7', /^The request body must be a JSON object/],
  ]
  for (const [body, message] of wrong) {
    const answer = await ask('POST', path, { body })
    t.equal(answer.status, 400)
    t.match(answer.json, { api_response: { status: 'FAILED', status_message: message } })
  }
})

t.test('a job is cancelled; a body is ignored', async (t) => {
  const { ask, askedFor } = await build(t)
  const answer = await ask('POST', '/api/v1/install/8/cancel', { body: { anything: 1 } })
  t.same(answer.json, {
    api_response: { status: 'SUCCESS', id: 8, hostname: 'R1', install_action: 'Add' },
  })
  t.same(askedFor(schedulerMessages.cancelJob)[0]?.payload, { id: 8 })
})

t.test('jobs that are not in the right state, or not there, are refused as a whole', async (t) => {
  const { ask } = await build(t, {
    scheduler: {
      resubmitJob: ({ id }) => {
        throw createError('SCHEDULER_RESUBMIT_STATE', [id, 'in progress'])
      },
      cancelJob: ({ id }) => {
        throw createError('SCHEDULER_CANCEL_STATE', [id, 'scheduled'])
      },
    },
  })
  const post = (path: string) => ask('POST', `/api/v1/install/${path}`)
  const refusals: [path: string, message: string][] = [
    ['7/resubmit', "Unable to resubmit install job '7' as it is in progress."],
    ['7/cancel', "Unable to cancel install job '7' as it is scheduled."],
    ['0/cancel', "Install job id '0' does not exist in the database."],
    ['x/resubmit', "Install job id 'x' does not exist in the database."],
    ['99999999999/cancel', "Install job id '99999999999' does not exist in the database."],
  ]
  for (const [path, message] of refusals) t.ok(failed(await post(path), 400, message))
})

const regions =
  (...names: string[]) =>
  () => ({
    rows: names.map((name) => ({
      name: name.replace(/ +/g, ' '),
      serverRepositories: [],
      createdBy: 'root',
    })),
  })
