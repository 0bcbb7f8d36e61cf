// REST contract, section 5: POST /install, phase 1, validation. API guide 1.3.
import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { ahead, json, listOf, pick, type Row, refused, rowRefused, type World } from './world.ts'

const pie = 'asr9k-px-5.3.3.CSCuz05961.pie'

/** A host for these tests, and rows for it that are good but for what a test changes. */
async function prepare({ host, lab, rows }: World) {
  await host('R2')
  await rows('POST', '/custom_command_profiles', {
    profile_name: 'Test Commands',
    command_list: ['show clock'],
  })
  const server_repository = lab.repository.row.hostname
  const time = ahead(100)
  const plain: Record<string, Row> = {
    'Pre-Upgrade': { hostname: 'R2', install_action: 'Pre-Upgrade', ...time },
    Add: { hostname: 'R2', install_action: 'Add', server_repository, software_packages: pie, ...time },
    Activate: { hostname: 'R2', install_action: 'Activate', software_packages: pie, ...time },
    'Post-Upgrade': { hostname: 'R2', install_action: 'Post-Upgrade', ...time },
    Commit: { hostname: 'R2', install_action: 'Commit', ...time },
    Remove: { hostname: 'R2', install_action: 'Remove', software_packages: pie, ...time },
    Deactivate: { hostname: 'R2', install_action: 'Deactivate', software_packages: pie, ...time },
  }
  return { plain, clear: () => rows('DELETE', '/install/delete?hostname=R2') }
}

export async function installSamples(t: Test, world: World): Promise<void> {
  const { post, lab } = world
  const { clear, plain } = await prepare(world)
  t.test("the guide's sample of a Pre-Upgrade answers status, id, hostname and install_action", async (t) => {
    const [first] = listOf(await post('/install', plain['Commit']))
    const { status, body } = await post('/install', [
      {
        hostname: 'R2',
        install_action: 'Pre-Upgrade',
        ...ahead(101),
        command_profile: 'Test Commands',
        dependency: String(first?.['id']),
      },
    ])
    t.equal(status, 200)
    t.same(Object.keys(body.api_response), ['install_job_list'])
    const [row] = listOf({ body, text: '' })
    t.same(Object.keys(row ?? {}), ['status', 'id', 'hostname', 'install_action'])
    t.match(row, { status: 'SUCCESS', id: Number, hostname: 'R2', install_action: 'Pre-Upgrade' })
    t.ok(Number.isInteger(row?.['id']))
  })
  t.test("the guide's sample of a refusal answers what was submitted, under both keys", async (t) => {
    const submitted = {
      hostname: 'R2',
      install_action: 'Pre-Upgrade',
      scheduled_time: '06-15-2016 03:15 PM',
      command_profile: 'Test Commands',
      dependency: '118',
    }
    const { status, body } = await post('/install', [submitted])
    t.equal(status, 400)
    const status_message = 'Missing utc_offset. If scheduled_time is submitted, utc_offset is also required.'
    const rows = [{ ...submitted, status: 'FAILED', status_message }]
    t.same(body, { api_response: { install_job_list: rows, software_list: rows } })
  })
  t.test("the guide's samples of Add and Activate are taken", async (t) => {
    const software_packages = [pie, 'asr9k-px-5.3.3.CSCux89921.pie', 'asr9k-px-5.3.3.CSCuy03335.pie'].join(
      ',',
    )
    const when = { scheduled_time: '06-21-2036 07:05 AM', utc_offset: '-07:00' }
    const add = { hostname: 'R2', install_action: 'Add', server_repository: lab.repository.row.hostname }
    const [added] = listOf(await post('/install', [{ ...add, ...when, software_packages }]))
    t.equal(added?.['status'], 'SUCCESS')
    const activate = { hostname: 'R2', install_action: 'Activate', ...when, software_packages }
    const answer = await post('/install', [{ ...activate, dependency: String(added?.['id']) }])
    t.equal(answer.status, 200, answer.text)
    const [job] = await world.rows('GET', `/install?id=${listOf(answer)[0]?.['id']}`)
    t.match(job, {
      dependency: added?.['id'],
      packages: software_packages,
      scheduled_time: 'Sat, 21 Jun 2036 14:05:00 GMT',
    })
  })
  t.test('a row without scheduled_time is due now, all rows of a request at the same moment', async (t) => {
    await clear()
    const [a, b] = listOf(
      await post('/install', [
        { hostname: 'R2', install_action: 'Remove', software_packages: 'a', utc_offset: 'nonsense' },
        { hostname: 'R2', install_action: 'Deactivate', software_packages: 'a' },
      ]),
    )
    const [one] = await world.rows('GET', `/install?id=${a?.['id']}`)
    const [other] = await world.rows('GET', `/install?id=${b?.['id']}`)
    t.equal(one?.['scheduled_time'], other?.['scheduled_time'])
    const age = Date.now() - Date.parse(String(one?.['scheduled_time']))
    t.ok(age > -1_000 && age < 60_000, 'now; the lone utc_offset was ignored')
    await clear()
  })
}

export async function installChecks(t: Test, world: World): Promise<void> {
  const { post, rows, host } = world
  const { plain, clear } = await prepare(world)
  const one = (action: string, keys: object) => post('/install', { ...plain[action], ...keys })
  const jobs = async () => (await rows('GET', '/install?hostname=R2')).length

  t.test('validation goes in the order of the contract: the first failure wins', async (t) => {
    // Each row has all faults of those below it.
    const faults: [object, string][] = [
      [{ install_action: '' }, "Missing JSON key: 'install_action'."],
      [{ install_action: 'add' }, "'add' is an invalid install action."],
      [{ nonsense: 1 }, "The following key, 'nonsense', is invalid."],
      [{ software_packages: '' }, "Missing JSON key: 'software_packages'."],
      [{ dependency: true }, "'dependency' must be a string or an integer."],
      [{ hostname: 'nobody' }, "'nobody' is an invalid hostname."],
      [{ server_repository: 'nothing' }, "'nothing' is an invalid server repository."],
      [{ command_profile: 'none' }, "'none' is an invalid custom command profile."],
      [{ server_directory: '../up' }, "'../up' is an invalid server directory."],
      [{ software_packages: ' , ' }, 'Software packages when specified cannot be empty.'],
      [
        { scheduled_time: 'soon' },
        "Invalid scheduled_time: soon must be in 'mm-dd-yyyy hh:mm AM|PM' format.",
      ],
    ]
    for (const [index, [, message]] of faults.entries()) {
      const row = Object.assign(
        {},
        ...faults
          .slice(index)
          .map(([fault]) => fault)
          .reverse(),
      )
      rowRefused(t, await one('Add', row), message)
    }
  })
  t.test('install_action is one of the known ones, in exact case', async (t) => {
    for (const action of [
      'add',
      'ADD',
      'Add ',
      'Pre-upgrade',
      'Upgrade',
      // Of later releases of the original; no executor here can do them.
      'Rollback',
      'Remove All Inactive',
      'constructor',
      '__proto__',
      'Ａdd',
    ]) {
      rowRefused(
        t,
        await one('Commit', { install_action: action }),
        `'${action}' is an invalid install action.`,
      )
    }
    for (const install_action of [null, '', undefined]) {
      rowRefused(t, await one('Commit', { install_action }), "Missing JSON key: 'install_action'.")
    }
    rowRefused(t, await one('Commit', { install_action: 1 }), "'install_action' must be a string.")
  })
  t.test('each action needs its keys', async (t) => {
    const needed: Record<string, string[]> = {
      'Pre-Upgrade': ['hostname'],
      Add: ['hostname', 'server_repository', 'software_packages'],
      Activate: ['hostname', 'software_packages'],
      'Post-Upgrade': ['hostname'],
      Commit: ['hostname'],
      Remove: ['hostname', 'software_packages'],
      Deactivate: ['hostname', 'software_packages'],
    }
    for (const [action, keys] of Object.entries(needed)) {
      for (const key of keys) {
        for (const empty of [undefined, null, '']) {
          rowRefused(t, await one(action, { [key]: empty }), `Missing JSON key: '${key}'.`)
        }
      }
    }
  })
  t.test('types are checked', async (t) => {
    for (const key of ['hostname', 'server_repository', 'server_directory', 'scheduled_time', 'utc_offset']) {
      for (const wrong of [1, true, { x: 1 }, ['x']]) {
        rowRefused(t, await one('Add', { [key]: wrong }), `'${key}' must be a string.`)
      }
    }
    for (const key of ['software_packages', 'command_profile']) {
      for (const wrong of [1, true, { x: 1 }, [1]]) {
        rowRefused(t, await one('Add', { [key]: wrong }), `'${key}' must be a string or a list of strings.`)
      }
    }
    for (const dependency of [true, 1.5, [1], { x: 1 }]) {
      rowRefused(t, await one('Add', { dependency }), "'dependency' must be a string or an integer.")
    }
    for (const key of [
      'hostname',
      'server_directory',
      'software_packages',
      'command_profile',
      'dependency',
    ]) {
      rowRefused(t, await one('Add', { [key]: 'a\nb' }), `'${key}' must not contain control characters.`)
    }
  })
  t.test("'' for an optional key means absent", async (t) => {
    const empty = {
      scheduled_time: '',
      utc_offset: '',
      command_profile: '',
      dependency: '',
      server_directory: '',
    }
    const [row] = listOf(
      await one('Commit', { ...empty, ...ahead(90), server_repository: '', software_packages: '' }),
    )
    t.equal(row?.['status'], 'SUCCESS')
    await clear()
  })
  t.test('server_directory is relative, of harmless segments', async (t) => {
    for (const good of ['a', 'a/b', 'asr9k/6.1.3', 'A_b-c.d+e@f', '.', 'a/./b']) {
      t.equal((await one('Add', { server_directory: good })).status, 200, good)
    }
    const bad = [
      '/a',
      '..',
      'a/../b',
      'a//b',
      'a/',
      'a b',
      'a;b',
      'a|b',
      'a?b',
      '$(a)',
      '`a`',
      'ä',
      'a\\b',
      '~/a',
      'a:b',
    ]
    for (const server_directory of bad) {
      rowRefused(
        t,
        await one('Add', { server_directory }),
        `'${server_directory}' is an invalid server directory.`,
      )
    }
    rowRefused(t, await one('Add', { server_directory: 'x'.repeat(301) }), /too long: at most 300/)
    t.equal((await one('Add', { server_directory: 'x'.repeat(300) })).status, 200)
    await clear()
  })
  t.test('package names are harmless, and of an Add they end as software does', async (t) => {
    const ends = ['.pie', '.tar', '.rpm', '.smu', '.iso', '.pkg', '.bin']
    for (const end of ends) t.equal((await one('Add', { software_packages: `a${end}` })).status, 200, end)
    for (const name of ['asr9k-mini-px.pie-6.1.1', 'ncs5500-mgbl-3.0.0.0-r613.x86_64.rpm', 'a.iso-r613']) {
      t.equal((await one('Add', { software_packages: name })).status, 200, name)
    }
    for (const name of ['disk0:asr9k-px-5.3.3', 'a', 'a_b~c+d', '0a', `a${'b'.repeat(254)}`]) {
      t.equal((await one('Activate', { software_packages: name })).status, 200, name)
    }
    const invalid = (name: string) => `'${name}' is an invalid software package name.`
    const bad = [
      'a b',
      'a;b',
      'a|b',
      'a?',
      'a/b',
      '../a',
      '-a',
      '.a',
      '$(a)',
      'a\\b',
      'ä',
      'a:b:c',
      'Disk0:a',
      'a"b',
    ]
    for (const name of [...bad, `a${'b'.repeat(255)}`, 'ａ']) {
      rowRefused(t, await one('Activate', { software_packages: name }), invalid(name))
      rowRefused(t, await one('Add', { software_packages: `${name}.pie` }), invalid(`${name}.pie`))
    }
    for (const name of ['a', 'a.pie.txt', 'a.PIE', 'disk0:a.pie', 'a*.pie', 'apie']) {
      rowRefused(t, await one('Add', { software_packages: name }), invalid(name))
    }
    await clear()
  })
  t.test('a * is for Remove only', async (t) => {
    t.equal(
      (await one('Remove', { software_packages: '*' })).status,
      400,
      'a name begins with a letter or digit',
    )
    t.equal((await one('Remove', { software_packages: 'asr9k-*' })).status, 200)
    for (const action of ['Activate', 'Deactivate']) {
      rowRefused(
        t,
        await one(action, { software_packages: 'a*' }),
        "'a*' is an invalid software package name.",
      )
    }
    await clear()
  })
  t.test('packages and profiles take text with commas or lists', async (t) => {
    await rows('POST', '/custom_command_profiles', { profile_name: 'Other', command_list: 'show version' })
    const [add] = listOf(await one('Add', { software_packages: [' a.pie', 'b.pie,, c.pie '] }))
    t.match(await rows('GET', `/install?id=${add?.['id']}`), [
      { software_packages: ['a.pie', 'b.pie', 'c.pie'] },
    ])
    const [pre] = listOf(await one('Pre-Upgrade', { command_profile: 'Test  Commands , Other' }))
    t.match(await rows('GET', `/install?id=${pre?.['id']}`), [
      { custom_command_profile: 'Test Commands,Other' },
    ])
    await clear()
  })
  t.test('keys that an action does not use are checked all the same, and then ignored', async (t) => {
    const unused = { command_profile: 'Test Commands', server_directory: 'a', software_packages: 'a' }
    const [commit] = listOf(await one('Commit', unused))
    const [job] = await rows('GET', `/install?id=${commit?.['id']}`)
    t.match(job, { custom_command_profile: '', server_directory: '', packages: '', server: '' })
    await clear()
    rowRefused(
      t,
      await one('Commit', { command_profile: 'none' }),
      "'none' is an invalid custom command profile.",
    )
    rowRefused(
      t,
      await one('Commit', { server_repository: 'none' }),
      "'none' is an invalid server repository.",
    )
    rowRefused(t, await one('Commit', { software_packages: 'a b' }), /invalid software package name/)
  })
  t.test('the same action twice on a host is refused, naming both', async (t) => {
    const before = await jobs()
    const answer = await post('/install', [
      plain['Commit'],
      plain['Remove'],
      { ...plain['Commit'], hostname: ' R2 ' },
    ])
    t.equal(answer.status, 400)
    const message =
      "More than one entry with the same hostname: 'R2' and install_action: 'Commit'. Remove any duplicate and resubmit."
    const innocent = 'Not submitted. Check other jobs for error message.'
    t.same(
      pick(listOf(answer), 'status_message'),
      [innocent, innocent, message].map((status_message) => ({ status_message })),
    )
    t.equal(await jobs(), before)
  })
  t.test(
    'one bad row: nothing is created, all rows come back as submitted, the innocent told so',
    async (t) => {
      const before = await jobs()
      await host('R3')
      const submitted = [
        plain['Pre-Upgrade'],
        { ...plain['Add'], hostname: 'nobody' },
        { ...plain['Commit'], hostname: 'R3' },
      ]
      const answer = await post('/install', submitted)
      t.equal(answer.status, 400)
      const innocent = 'Not submitted. Check other jobs for error message.'
      const messages = [innocent, "'nobody' is an invalid hostname.", innocent]
      const expected = submitted.map((row, i) => ({ ...row, status: 'FAILED', status_message: messages[i] }))
      t.same(answer.body.api_response, { install_job_list: expected, software_list: expected })
      t.equal(await jobs(), before)
      refused(
        t,
        await world.get('/install?hostname=nobody'),
        400,
        "Host 'nobody' does not exist in the database.",
      )
    },
  )
}

/** The `Idempotency-Key` of a request. */
export async function installOnce(t: Test, world: World): Promise<void> {
  const { rows, host } = world
  const { plain, clear } = await prepare(world)
  const jobs = async () => (await rows('GET', '/install?hostname=R2')).length
  const send = (key: string, body: unknown) =>
    world.ask('POST', '/install', { body, headers: { ...json, 'idempotency-key': key } })
  const conflict = 'The Idempotency-Key was used before, with another request body.'

  t.test('the same key and body: the first answer byte for byte, and one job', async (t) => {
    const before = await jobs()
    const key = randomUUID()
    const first = await send(key, [plain['Commit']])
    t.equal(first.status, 200, first.text)
    const again = await send(key, [plain['Commit']])
    t.same([again.status, again.text], [first.status, first.text])
    const both = await Promise.all([1, 2].map(() => send(key, [plain['Commit']])))
    t.same(
      both.map(({ text }) => text),
      [first.text, first.text],
    )
    t.equal(await jobs(), before + 1)
    const [other] = listOf(await send(randomUUID(), [plain['Commit']]))
    t.not(other?.['id'], listOf(first)[0]?.['id'], 'another key is another request')
    t.equal(await jobs(), before + 2)
    await clear()
  })
  t.test('the same key with another body is 409, and creates nothing', async (t) => {
    const key = randomUUID()
    const first = await send(key, [plain['Commit']])
    const before = await jobs()
    for (const body of [[plain['Pre-Upgrade']], [{ ...plain['Commit'], ...ahead(99) }]]) {
      refused(t, await send(key, body), 409, conflict)
    }
    t.equal((await send(key, [plain['Commit']])).text, first.text, 'the first answer is still kept')
    t.equal(await jobs(), before)
    await clear()
  })
  t.test('a refusal is kept too: 400 again, though the request would be good by now', async (t) => {
    const key = randomUUID()
    const body = [{ ...plain['Commit'], hostname: 'R2 of later' }]
    const first = await send(key, body)
    rowRefused(t, first, "'R2 of later' is an invalid hostname.")
    await host('R2 of later')
    const again = await send(key, body)
    t.same([again.status, again.text], [400, first.text])
    refused(t, await send(key, [plain['Commit']]), 409, conflict)
    t.same(await rows('GET', '/install?hostname=R2%20of%20later'), [])
    t.equal((await send(randomUUID(), body)).status, 200)
    await rows('DELETE', '/install/delete?hostname=R2%20of%20later')
  })
  t.test('a key that is no key is 400, and creates nothing', async (t) => {
    const before = await jobs()
    for (const key of ['', 'a b', 'a, b', 'é', 'x'.repeat(256)]) {
      refused(t, await send(key, [plain['Commit']]), 400, /^Header 'Idempotency-Key' is invalid/)
    }
    t.equal(await jobs(), before)
    t.equal((await send(`"${randomUUID()}"`, [plain['Commit']])).status, 200, 'quotes are part of a key')
    await clear()
  })
}

export async function installTimes(t: Test, world: World): Promise<void> {
  const { post, rows } = world
  const { plain, clear } = await prepare(world)
  const one = (scheduled_time: unknown, utc_offset: unknown) =>
    post('/install', { ...plain['Commit'], scheduled_time, utc_offset })
  const scheduled = async (time: string, offset: string) => {
    const [row] = listOf(await one(time, offset))
    const [job] = await rows('GET', `/install?id=${row?.['id']}`)
    return job?.['scheduled_time']
  }
  t.test('scheduled_time and utc_offset make a moment, the sign governs minutes too', async (t) => {
    const moments: [string, string, string][] = [
      ['06-15-2036 03:15 PM', '-07:00', 'Sun, 15 Jun 2036 22:15:00 GMT'],
      ['06-15-2036 03:15 PM', '-03:30', 'Sun, 15 Jun 2036 18:45:00 GMT'],
      ['06-15-2036 03:15 PM', '+05:45', 'Sun, 15 Jun 2036 09:30:00 GMT'],
      ['06-15-2036 12:00 AM', '+14:00', 'Sat, 14 Jun 2036 10:00:00 GMT'],
      ['06-15-2036 12:00 PM', '-14:00', 'Mon, 16 Jun 2036 02:00:00 GMT'],
      ['02-29-2036 12:59 AM', '+00:00', 'Fri, 29 Feb 2036 00:59:00 GMT'],
      ['6-5-2036 3:05 pm', '-00:00', 'Thu, 05 Jun 2036 15:05:00 GMT'],
      ['6-5-2036 11:05 am', '+12:59', 'Wed, 04 Jun 2036 22:06:00 GMT'],
    ]
    for (const [time, offset, moment] of moments)
      t.equal(await scheduled(time, offset), moment, `${time} ${offset}`)
    await clear()
  })
  t.test('scheduled_time without utc_offset is refused', async (t) => {
    const message = 'Missing utc_offset. If scheduled_time is submitted, utc_offset is also required.'
    for (const offset of [undefined, null, ''])
      rowRefused(t, await one('06-15-2036 03:15 PM', offset), message)
  })
  t.test('an offset is <+|->dd:dd from -14:00 to +14:00, the whole string', async (t) => {
    const message = "Invalid utc_offset: Must be in '<+|->dd:dd' format and be between -14:00 and +14:00."
    const bad = [
      '+14:01',
      '-14:01',
      '+15:00',
      '+07:60',
      '07:00',
      ' 07:00',
      '+7:00',
      '+0700',
      '+07:00 ',
      '+07:0',
      'Z',
    ]
    for (const offset of [...bad, '+07:00\u2028', '+０7:00', '−07:00', '+07:00:00', '+99:99', 'UTC']) {
      rowRefused(t, await one('06-15-2036 03:15 PM', offset), message)
    }
  })
  t.test('a time is mm-dd-yyyy hh:mm AM|PM, 12 hours, of the calendar', async (t) => {
    const bad = [
      '02-30-2036 01:00 AM',
      '02-29-2035 01:00 AM',
      '13-01-2036 01:00 AM',
      '00-10-2036 01:00 AM',
      '01-00-2036 01:00 AM',
      '01-10-0000 01:00 AM',
      '01-10-2036 13:00 PM',
      '01-10-2036 00:30 AM',
      '01-10-2036 01:60 AM',
      '01-10-2036 1:5 AM',
      '01-10-2036 01:00',
      '01-10-2036 01:00 Am',
      '01-10-2036  01:00 AM',
      ' 01-10-2036 01:00 AM',
      '01-10-2036 01:00 AM ',
      '01/10/2036 01:00 AM',
      '2036-01-10 01:00 AM',
      '01-10-36 01:00 AM',
      '01-10-2036 01:00AM',
      '０1-10-2036 01:00 AM',
      '01-10-2036 01:00:00 AM',
      '01-10-12036 01:00 AM',
      'tomorrow',
    ]
    for (const time of bad) {
      const message = `Invalid scheduled_time: ${time} must be in 'mm-dd-yyyy hh:mm AM|PM' format.`
      rowRefused(t, await one(time, '+00:00'), message)
    }
  })
  t.test('the first and the last years of the calendar are no trouble', async (t) => {
    rowRefused(t, await one('12-31-9999 11:59 PM', '-14:00'), /^Invalid scheduled_time/)
    t.equal(await scheduled('12-31-9999 11:59 PM', '+00:00'), 'Fri, 31 Dec 9999 23:59:00 GMT')
    await clear()
  })
  t.test('a past time is due at once', async (t) => {
    t.equal(await scheduled('06-15-2016 03:15 PM', '-07:00'), 'Wed, 15 Jun 2016 22:15:00 GMT')
    await clear()
  })
}
