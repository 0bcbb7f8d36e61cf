// POST /install: what is asked of the services, and how what they say is answered.
import {
  createError,
  type FirstAnswer,
  inventoryMessages,
  type JobInput,
  type RepeatableRequest,
  schedulerMessages,
  toErrorBody,
} from '@slipway/contracts'
import type { Test } from 'tap'
import { type Answer, build, failed, hostId, rowsIn } from './fixture.ts'

const now = '2016-06-01T12:00:00.000Z'
const packages = 'asr9k-px-5.3.3.CSCuz05961.pie,asr9k-px-5.3.3.CSCux89921.pie'
const preUpgrade = { hostname: 'R2', install_action: 'Pre-Upgrade' }
const add = {
  hostname: 'R2',
  install_action: 'Add',
  server_repository: 'My_Repository',
  software_packages: packages,
}
const NOT_SUBMITTED = 'Not submitted. Check other jobs for error message.'

const messages = (answer: Answer, key: string) => rowsIn(answer, key).map((row) => row['status_message'])

export function submitting(t: Test): void {
  t.test("the guide's samples are scheduled", async (t) => {
    const { ask, askedFor } = await build(t, { now })
    const sample = {
      ...preUpgrade,
      scheduled_time: '06-15-2016 03:15 PM',
      utc_offset: '-07:00',
      command_profile: 'Test Commands',
      dependency: '118',
    }
    const answer = await ask('POST', '/api/v1/install', { body: [sample] })
    t.equal(answer.status, 200)
    t.same(answer.json, {
      api_response: {
        install_job_list: [{ status: 'SUCCESS', id: 134, hostname: 'R2', install_action: 'Pre-Upgrade' }],
      },
    })
    const addSample = { ...add, scheduled_time: '06-21-2016 07:05 AM', utc_offset: '-07:00', dependency: '2' }
    const activate = {
      hostname: 'R1',
      install_action: 'Activate',
      scheduled_time: '06-02-2016 08:00 AM',
      utc_offset: '-07:00',
      software_packages: packages,
      dependency: '1',
    }
    t.equal((await ask('POST', '/api/v1/install', { body: [addSample, activate] })).status, 200)
    const [first, second] = askedFor(schedulerMessages.createJobs).map(({ payload }) => payload)
    t.same(first, {
      rows: [
        {
          hostId: hostId(2),
          hostname: 'R2',
          action: 'Pre-Upgrade',
          scheduledTime: '2016-06-15T22:15:00.000Z',
          serverDirectory: '',
          softwarePackages: [],
          commandProfiles: ['Test Commands'],
          dependency: { jobId: 118, asGiven: '118' },
        },
      ],
    })
    t.match(second, {
      rows: [
        {
          serverRepository: 'My_Repository',
          softwarePackages: packages.split(','),
          scheduledTime: '2016-06-21T14:05:00.000Z',
        },
        { hostId: hostId(1), action: 'Activate', softwarePackages: packages.split(',') },
      ],
    })
    t.equal(askedFor(inventoryMessages.resolveNames).length, 2, 'one question a request')
  })

  t.test("the guide's refusal: rows as submitted, under both keys", async (t) => {
    const { ask, askedFor } = await build(t)
    const sample = {
      ...preUpgrade,
      scheduled_time: '06-15-2016 03:15 PM',
      command_profile: 'Test Commands',
      dependency: '118',
    }
    const answer = await ask('POST', '/api/v1/install', { body: [sample, add] })
    t.equal(answer.status, 400)
    const rows = [
      {
        ...sample,
        status: 'FAILED',
        status_message: 'Missing utc_offset. If scheduled_time is submitted, utc_offset is also required.',
      },
      { ...add, status: 'FAILED', status_message: NOT_SUBMITTED },
    ]
    t.same(answer.json, { api_response: { install_job_list: rows, software_list: rows } })
    t.same(askedFor(schedulerMessages.createJobs), [])
  })

  t.test('the first failure of a row wins, in the order of the contract', async (t) => {
    const { ask } = await build(t)
    // Each row has the fault of its message and, where it can, every later one.
    const worst = {
      hostname: 'nobody',
      server_repository: 'none',
      command_profile: 'none',
      server_directory: '../x',
      software_packages: ',',
      scheduled_time: 'never',
      utc_offset: '+25:00',
    }
    const cases: [row: Record<string, unknown>, message: string][] = [
      [{ ...worst, extra: 1 }, "Missing JSON key: 'install_action'."],
      [{ ...worst, install_action: null }, "Missing JSON key: 'install_action'."],
      [{ ...worst, install_action: 'add', extra: 1 }, "'add' is an invalid install action."],
      [{ ...worst, install_action: 'Rollback' }, "'Rollback' is an invalid install action."],
      [
        { ...worst, install_action: 'Remove All Inactive' },
        "'Remove All Inactive' is an invalid install action.",
      ],
      [
        { ...worst, install_action: 'Add', extra: 1, hostname: '' },
        "The following key, 'extra', is invalid.",
      ],
      [{ ...worst, install_action: 'Add', hostname: ' ', utc_offset: 5 }, "Missing JSON key: 'hostname'."],
      [{ ...worst, install_action: 'Add', server_repository: '' }, "Missing JSON key: 'server_repository'."],
      [{ ...worst, install_action: 'Add', software_packages: [] }, "Missing JSON key: 'software_packages'."],
      [
        { ...worst, install_action: 'Remove', software_packages: null },
        "Missing JSON key: 'software_packages'.",
      ],
      [{ ...worst, install_action: 'Add', utc_offset: 5 }, "'utc_offset' must be a string."],
      [{ ...worst, install_action: 'Add', dependency: 1.5 }, "'dependency' must be a string or an integer."],
      [
        { ...worst, install_action: 'Add', command_profile: [1] },
        "'command_profile' must be a string or a list of strings.",
      ],
      [
        { ...worst, install_action: 'Add', hostname: 'R1\n' },
        "'hostname' must not contain control characters.",
      ],
      [
        { ...worst, install_action: 'Add', server_directory: 'd'.repeat(301) },
        "'server_directory' is too long: at most 300 characters.",
      ],
      [{ ...worst, install_action: 'Add' }, "'nobody' is an invalid hostname."],
      [{ ...worst, install_action: 'Add', hostname: 'R1;reload' }, "'R1;reload' is an invalid hostname."],
      [{ ...worst, install_action: 'Add', hostname: 'R1' }, "'none' is an invalid server repository."],
      [
        { ...worst, install_action: 'Commit', hostname: 'R1', server_repository: '' },
        "'none' is an invalid custom command profile.",
      ],
      [
        {
          ...worst,
          install_action: 'Commit',
          hostname: 'R1',
          server_repository: '',
          command_profile: 'Test Commands,x',
        },
        "'x' is an invalid custom command profile.",
      ],
    ]
    const good = { ...worst, hostname: 'R1', server_repository: 'My_Repository', command_profile: '' }
    cases.push(
      [{ ...good, install_action: 'Add' }, "'../x' is an invalid server directory."],
      [
        { ...good, install_action: 'Add', server_directory: '/abs' },
        "'/abs' is an invalid server directory.",
      ],
      [
        { ...good, install_action: 'Add', server_directory: 'a//b' },
        "'a//b' is an invalid server directory.",
      ],
      [{ ...good, install_action: 'Add', server_directory: 'a;b' }, "'a;b' is an invalid server directory."],
      [
        { ...good, install_action: 'Add', server_directory: 'a/b.1+x@y' },
        'Software packages when specified cannot be empty.',
      ],
      [
        { ...good, install_action: 'Commit', server_directory: '' },
        'Software packages when specified cannot be empty.',
      ],
    )
    const named = { ...good, server_directory: '' }
    const offset = "Invalid utc_offset: Must be in '<+|->dd:dd' format and be between -14:00 and +14:00."
    cases.push(
      [
        { ...named, install_action: 'Add', software_packages: 'a.pie,b' },
        "'b' is an invalid software package name.",
      ],
      [
        { ...named, install_action: 'Add', software_packages: 'disk0:a.pie' },
        "'disk0:a.pie' is an invalid software package name.",
      ],
      [
        { ...named, install_action: 'Add', software_packages: 'a*.pie' },
        "'a*.pie' is an invalid software package name.",
      ],
      [
        { ...named, install_action: 'Activate', software_packages: 'a*' },
        "'a*' is an invalid software package name.",
      ],
      [
        { ...named, install_action: 'Remove', software_packages: 'a|reload' },
        "'a|reload' is an invalid software package name.",
      ],
      [{ ...named, install_action: 'Remove', software_packages: 'disk0:a*' }, offset],
      [
        {
          ...named,
          install_action: 'Add',
          software_packages: 'a.pie-6.1.1,b.tar,c.x86_64.rpm',
          utc_offset: '+14:01',
        },
        offset,
      ],
      [
        { ...named, install_action: 'Commit', software_packages: '', utc_offset: '+07:00' },
        "Invalid scheduled_time: never must be in 'mm-dd-yyyy hh:mm AM|PM' format.",
      ],
    )
    const answer = await ask('POST', '/api/v1/install', { body: cases.map(([row]) => row) })
    t.equal(answer.status, 400)
    t.same(
      messages(answer, 'install_job_list'),
      cases.map(([, message]) => message),
    )
  })

  t.test('the same action on a host twice fails the later row', async (t) => {
    const { ask } = await build(t)
    const body = [add, preUpgrade, { ...add, hostname: ' R2 ' }, { ...add, hostname: 'R1' }]
    const answer = await ask('POST', '/api/v1/install', { body })
    t.same(messages(answer, 'software_list'), [
      NOT_SUBMITTED,
      NOT_SUBMITTED,
      "More than one entry with the same hostname: 'R2' and install_action: 'Add'. Remove any duplicate and resubmit.",
      NOT_SUBMITTED,
    ])
  })

  t.test(
    'rows without a time share one now; unused keys are ignored; dependencies are told apart',
    async (t) => {
      const { ask, askedFor } = await build(t, { now })
      const dependencies = [7, '007', 'Add', 'Rollback', '-1', -1, '99999999999', '', null]
      const body = dependencies.map((dependency, index) => ({
        hostname: index < 7 ? 'R1' : 'R2',
        install_action: ['Pre-Upgrade', 'Add', 'Activate', 'Post-Upgrade', 'Commit', 'Remove', 'Deactivate'][
          index % 7
        ],
        software_packages: 'a.pie',
        server_repository: 'My_Repository',
        server_directory: 'sub/dir',
        command_profile: ['Test Commands'],
        utc_offset: 'ignored',
        dependency,
      }))
      t.equal((await ask('POST', '/api/v1/install', { body })).status, 200)
      const sent = askedFor(schedulerMessages.createJobs)[0]?.payload ?? { rows: [] }
      const { rows } = sent as { rows: JobInput[] }
      t.same(new Set(rows.map((row) => row.scheduledTime)), new Set([now]))
      t.same(
        rows.map((row) => row.dependency),
        [
          { jobId: 7, asGiven: '7' },
          { jobId: 7, asGiven: '007' },
          { action: 'Add', asGiven: 'Add' },
          { unknown: true, asGiven: 'Rollback' },
          { unknown: true, asGiven: '-1' },
          { unknown: true, asGiven: '-1' },
          { jobId: 0, asGiven: '99999999999' },
          undefined,
          undefined,
        ],
      )
      const used = rows.map((row) => [
        row.action,
        row.serverRepository ?? '',
        row.serverDirectory,
        row.softwarePackages.length,
        row.commandProfiles.length,
      ])
      t.same(used.slice(0, 7), [
        ['Pre-Upgrade', '', '', 0, 1],
        ['Add', 'My_Repository', 'sub/dir', 1, 0],
        ['Activate', '', '', 1, 0],
        ['Post-Upgrade', '', '', 0, 1],
        ['Commit', '', '', 0, 0],
        ['Remove', '', '', 1, 0],
        ['Deactivate', '', '', 1, 0],
      ])
    },
  )

  t.test(
    'rows that cannot be created are 207, or 400 if there is no other; warnings are shown',
    async (t) => {
      const error = toErrorBody(createError('SCHEDULER_DEPENDENCY_NOT_FOUND', ['9']))
      const { ask } = await build(t, {
        scheduler: {
          createJobs: ({ rows }) => ({
            rows: rows.map(({ dependency }, index) =>
              dependency === undefined ? { id: index + 1, warning: 'later' } : { error },
            ),
          }),
        },
      })
      const waiting = { ...add, dependency: 9 }
      const failure = {
        ...waiting,
        status: 'FAILED',
        status_message: "Dependency '9' does not exist in the database.",
      }
      const some = await ask('POST', '/api/v1/install', { body: [preUpgrade, waiting] })
      t.equal(some.status, 207)
      t.same(some.json, {
        api_response: {
          install_job_list: [{ status: 'SUCCESS', id: 1, ...preUpgrade, warning: 'later' }, failure],
        },
      })
      const none = await ask('POST', '/api/v1/install', { body: waiting })
      t.equal(none.status, 400)
      t.same(none.json, { api_response: { install_job_list: [failure], software_list: [failure] } })
    },
  )

  t.test('five thousand rows are validated with one question about names', async (t) => {
    const { ask, askedFor } = await build(t)
    const body = ['Pre-Upgrade', 'Post-Upgrade', 'Commit'].flatMap((action) =>
      ['R1', 'R2', 'My Host 1'].map((hostname) => ({ hostname, install_action: action })),
    )
    const many = Array.from({ length: 5_000 }, (_, index) => body[index % body.length])
    const answer = await ask('POST', '/api/v1/install', { body: many })
    t.equal(answer.status, 400, 'most of them are duplicates')
    t.equal(rowsIn(answer, 'install_job_list').length, 5_000)
    t.equal(askedFor(inventoryMessages.resolveNames).length, 1)
  })

  t.test('a request with an Idempotency-Key that comes again is answered as the first time', async (t) => {
    const kept = new Map<string, { fingerprint: string; first: FirstAnswer }>()
    const find = ({ key, fingerprint }: RepeatableRequest) => {
      const entry = kept.get(key)
      if (entry !== undefined && entry.fingerprint !== fingerprint) throw createError('SCHEDULER_KEY_REUSED')
      return entry === undefined ? {} : { first: entry.first }
    }
    const keep = ({ key, fingerprint }: RepeatableRequest, first: FirstAnswer) => {
      kept.set(key, { fingerprint, first })
      return { first }
    }
    const { ask, askedFor } = await build(t, {
      scheduler: {
        findAnswer: find,
        recordRefusal: ({ rows, ...request }) => keep(request, { phase: 'validation', rows }),
        createJobs: ({ rows, repeatable }) => {
          const created = rows.map((_, index) => ({ id: 500 + kept.size * 10 + index }))
          if (repeatable !== undefined) keep(repeatable, { phase: 'creation', rows: created })
          return { rows: created }
        },
      },
    })
    const post = (key: string | undefined, body: unknown) =>
      ask('POST', '/api/v1/install', { body, headers: key === undefined ? {} : { 'idempotency-key': key } })
    const rows = [
      { hostname: ' My  Host 1', install_action: 'Pre-Upgrade' },
      { hostname: 'R1', install_action: 'Commit' },
    ]
    const first = await post('a', rows)
    t.equal(first.status, 200)
    const reordered = [{ install_action: 'Pre-Upgrade', hostname: ' My  Host 1' }, rows[1]]
    for (const again of [await post('a', rows), await post('a', reordered)]) {
      t.same([again.status, again.text], [200, first.text])
    }
    t.equal(askedFor(schedulerMessages.createJobs).length, 1)
    failed(
      await post('a', rows.slice(1)),
      409,
      'The Idempotency-Key was used before, with another request body.',
    )
    const refused = await post('b', [{ hostname: 'nowhere', install_action: 'Commit' }, rows[1]])
    t.equal(refused.status, 400)
    const again = await post('b', [{ hostname: 'nowhere', install_action: 'Commit' }, rows[1]])
    t.same([again.status, again.text], [400, refused.text])
    t.equal(askedFor(schedulerMessages.recordRefusal).length, 1)
    t.equal((await post(undefined, rows)).status, 200)
    t.equal(askedFor(schedulerMessages.findAnswer).length, 6)
    t.equal((await post('"8e03978e-40d5-43dd-bc93-6894a57f9324"', rows)).status, 200)
    t.equal((await post('x'.repeat(255), rows)).status, 200)
    for (const bad of ['', ' ', 'a b', 'é', 'x'.repeat(256), 'a, b']) {
      failed(await post(bad, rows), 400, /^Header 'Idempotency-Key' is invalid/)
    }
    const elsewhere = await ask('GET', '/api/v1/install', { headers: { 'idempotency-key': 'a b' } })
    t.equal(elsewhere.status, 200)
  })
}
