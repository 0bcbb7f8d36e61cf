import type { Test } from 'tap'
import { prepare } from './install-rows.ts'
import { ahead, listOf, pick, refused, rowRefused, type World } from './world.ts'

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
