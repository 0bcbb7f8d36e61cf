// REST contract, section 5: GET /install, DELETE /install/delete, session logs. API guide 1.3.4 to 1.3.6.
import { until } from '@slipway/test-kit'
import type { Test } from 'tap'
import { readZip } from '../harness/zip.ts'
import { ahead, hostRow, listOf, pick, type Row, refused, rowRefused, timeText, type World } from './world.ts'

const message = "Invalid utc_offset: Must be in '<+|->dd:dd' format and be between -14:00 and +14:00."

/** One job of each status: completed, failed, in progress (its router hangs), scheduled. */
async function makeJobs(world: World) {
  const { rows, lab } = world
  const [good, stuck] = [lab.router('ncs5500', 'ssh'), lab.router('asr9k', 'ssh')]
  await rows('POST', '/hosts', [
    { ...hostRow(good), hostname: 'J1' },
    { ...hostRow(stuck), hostname: 'J2' },
    { ...hostRow(good), hostname: 'J3', port_number: '1' },
  ])
  const create = async (hostname: string, keys: Row = {}) => {
    const [row] = await rows('POST', '/install', { hostname, install_action: 'Pre-Upgrade', ...keys })
    return Number(row?.['id'])
  }
  for (const name of ['J1', 'J2']) {
    await until(async () => (await rows('GET', `/hosts?hostname=${name}`))[0]?.['family'] !== 'Unknown', {
      message: `${name} is discovered`,
      timeoutMs: 30_000,
    })
  }
  await lab.setFaults(stuck.name, [{ kind: 'hang', match: 'show' }])
  const [completed, running, failed] = [await create('J1'), await create('J2'), await create('J3')]
  const scheduled = await create('J1', ahead(50))
  const status = async (id: number) => (await rows('GET', `/install?id=${id}`))[0]?.['status']
  for (const [id, wanted] of [
    [completed, 'completed'],
    [running, 'in-progress'],
    [failed, 'failed'],
  ] as const) {
    await until(async () => (await status(id)) === wanted, {
      message: `${id} is ${wanted}`,
      timeoutMs: 40_000,
    })
  }
  return { completed, running, failed, scheduled }
}

export async function jobs(t: Test, world: World): Promise<void> {
  const made = await makeJobs(world)
  await jobLists(t, world, made)
  await logs(t, world, made)
  await deletions(t, world, made)
  await busyHosts(t, world)
}

type Made = Awaited<ReturnType<typeof makeJobs>>

async function jobLists(
  t: Test,
  world: World,
  { completed, running, failed, scheduled }: Made,
): Promise<void> {
  const { get, rows, host } = world
  const ids = async (query: string) =>
    (await rows('GET', `/install?${query}`)).map((row) => Number(row['id']))
  const one = async (query: string) => (await rows('GET', `/install?${query}`))[0] ?? {}

  t.test('a row has every key of the sample answer with its type, and those of later releases', async (t) => {
    const text = [
      'install_action',
      'server',
      'packages',
      'pending_downloads',
      'scheduled_time',
      'start_time',
      'status',
    ]
    const more = ['status_time', 'trace', 'created_by', 'hostname', 'custom_command_profile']
    const later = ['server_repository', 'server_directory', 'status_message', 'warnings_or_errors']
    for (const id of [completed, running, failed, scheduled]) {
      const row = await one(`id=${id}`)
      t.equal(row['id'], id)
      for (const key of [...text, ...more, ...later]) t.type(row[key], 'string', key)
      for (const key of ['software_packages', 'command_profile', 'package_change_list']) {
        t.ok(Array.isArray(row[key]), key)
      }
      t.equal(row['dependency'], '')
      t.match(row, { install_action: 'Pre-Upgrade', created_by: 'root', pending_downloads: '' })
    }
  })
  t.test('times are RFC 1123 in GMT; absent ones are empty', async (t) => {
    const rfc = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
    t.match(await one(`id=${completed}`), { scheduled_time: rfc, start_time: rfc, status_time: rfc })
    t.match(await one(`id=${scheduled}`), { scheduled_time: rfc, start_time: '', status_time: '' })
  })
  t.test('with utc_offset times are local, with an id too', async (t) => {
    const gmt = Date.parse(String((await one(`id=${scheduled}`))['scheduled_time']))
    for (const [offset, minutes] of [
      ['+07:00', 420],
      [' 07:00', 420],
      ['%2B05:30', 330],
      ['-03:30', -210],
    ] as const) {
      const row = await one(`id=${scheduled}&utc_offset=${offset}`)
      t.equal(row['scheduled_time'], timeText(new Date(gmt + minutes * 60_000)), offset)
      t.same([row['start_time'], row['status_time']], ['', ''])
      t.match(await one(`hostname=J1&utc_offset=${offset}`), {
        start_time: /^\d\d-\d\d-\d{4} \d\d:\d\d (AM|PM)$/,
      })
    }
  })
  t.test('with an id the other filters are not even looked at', async (t) => {
    const others = 'hostname=nobody&install_action=x&status=x&scheduled_time=x&page=x&page=y&hostname='
    t.same(await ids(`id=${completed}&${others}`), [completed])
    refused(
      t,
      await get(`/install?id=${completed}&nope=1`),
      400,
      "Following parameter, 'nope', is not allowed.",
    )
    refused(t, await get(`/install?id=${completed}&utc_offset=x`), 400, message)
  })
  t.test('an id that does not exist is 400', async (t) => {
    for (const id of ['99999999', '0', '-1', 'x', '1.5', '1e3', '99999999999999999999', '１', '1;2']) {
      const answer = await get(`/install?id=${encodeURIComponent(id)}`)
      refused(t, answer, 400, `Install id '${id}' does not exist in the database.`)
    }
  })
  t.test('each status selects its jobs; filters are ANDed; history is included, by id', async (t) => {
    t.same(await ids('status=completed&hostname=J1'), [completed])
    t.same(await ids('status=in-progress'), [running])
    t.same(await ids('status=failed&hostname=J3'), [failed])
    t.same(await ids('status=scheduled&hostname=J1'), [scheduled])
    t.same(await ids('hostname=J1'), [completed, scheduled])
    t.same(await ids('hostname=J1&install_action=Commit'), [])
    t.same(await ids('hostname=J1&install_action=Pre-Upgrade&status=completed'), [completed])
    const all = await ids('page=1')
    t.same(
      all,
      [...all].sort((a, b) => a - b),
    )
    for (const id of [completed, running, failed, scheduled]) t.ok(all.includes(id))
  })
  t.test('scheduled_time selects jobs at that time or later', async (t) => {
    const moment = Date.parse(String((await one(`id=${scheduled}`))['scheduled_time']))
    const from = (ms: number) => `hostname=J1&utc_offset=+00:00&scheduled_time=${timeText(new Date(ms))}`
    t.same(await ids(from(moment)), [scheduled])
    t.same(await ids(from(moment + 60_000)), [])
    t.same(await ids(from(0)), [completed, scheduled])
    t.equal(
      (await get('/install?scheduled_time=08-02-2016 08:00 AM&utc_offset=+07:00')).status,
      200,
      'the sample',
    )
  })
  t.test('what is wrong with a filter is told', async (t) => {
    const time = 'scheduled_time=08-02-2016%2008:00%20AM'
    refused(t, await get('/install?hostname=nobody'), 400, "Host 'nobody' does not exist in the database.")
    for (const action of ['add', 'Nothing', 'Add ']) {
      const answer = await get(`/install?install_action=${encodeURIComponent(action)}`)
      refused(t, answer, 400, `'${action}' is an invalid install action.`)
    }
    for (const status of ['Scheduled', 'running', 'in progress']) {
      refused(t, await get(`/install?status=${status}`), 400, `'${status}' is an invalid job status.`)
    }
    refused(
      t,
      await get(`/install?${time}`),
      400,
      'utc_offset must be specified if scheduled_time is specified.',
    )
    refused(t, await get(`/install?${time}&utc_offset=%2B15:00`), 400, message)
    refused(t, await get('/install?utc_offset=7'), 400, message)
    const bad = "Invalid scheduled_time: 2016 must be in 'mm-dd-yyyy hh:mm AM|PM' format."
    refused(t, await get('/install?scheduled_time=2016&utc_offset=-07:00'), 400, bad)
    refused(t, await get('/install?page=999'), 400, 'Unknown page number')
    refused(t, await get('/install?page=0'), 400, 'page must be an numeric value')
  })
  t.test('no match is 200 and an empty list', async (t) => {
    await host('J4')
    t.same((await get('/install?hostname=J4')).body, { api_response: { install_job_list: [] } })
  })
  t.test('status_message says what a job waits for or is doing, trace what the device said', async (t) => {
    t.equal((await one(`id=${scheduled}`))['status_message'], 'Waiting for its scheduled time')
    const dependent = { hostname: 'J3', install_action: 'Commit', dependency: 'Pre-Upgrade' }
    rowRefused(
      t,
      await world.post('/install', dependent),
      "The dependency 'Pre-Upgrade' requested has failed.",
    )
    const byId = { ...dependent, dependency: failed }
    rowRefused(t, await world.post('/install', byId), `The dependency '${failed}' requested has failed.`)
    const row = await one(`id=${failed}`)
    t.not(row['status_message'], '')
    t.notMatch(JSON.stringify(row), /node_modules|\.ts:|\.js:|Prisma|at async/)
    t.not((await one(`id=${running}`))['status_message'], '')
  })
  t.test('a dependency that is completed satisfies at once', async (t) => {
    const [job] = await rows('POST', '/install', {
      hostname: 'J1',
      install_action: 'Post-Upgrade',
      dependency: 'Pre-Upgrade',
      ...ahead(20),
    })
    t.equal((await one(`id=${job?.['id']}`))['dependency'], completed)
    t.equal((await one(`id=${job?.['id']}`))['status_message'], 'Waiting for its scheduled time')
    await rows('DELETE', `/install/delete?id=${job?.['id']}`)
  })
}

async function logs(t: Test, { get, ask }: World, { completed, scheduled }: Made): Promise<void> {
  t.test('session logs come as a zip with flat, unique names', async (t) => {
    const answer = await ask('GET', `/install/logs/${completed}`)
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('content-type'), 'application/zip')
    t.match(answer.headers.get('content-disposition'), /^attachment; filename="?session_logs\.zip"?$/)
    t.equal(answer.headers.get('cache-control'), 'no-store')
  })
  t.test('there is at least session.log, and no name has a folder', async (t) => {
    const files = await readZip((await ask('GET', `/install/logs/${completed}`)).bytes)
    t.ok(files.has('session.log'))
    for (const name of files.keys()) t.notMatch(name, /[/\\]/)
  })
  t.test('a job that has not run has no log: 400', async (t) => {
    const told = `Session log does not exist for install job id '${scheduled}'.`
    refused(t, await get(`/install/logs/${scheduled}`), 400, told)
  })
  t.test('no id, one that is no number, and one that does not exist are 400', async (t) => {
    for (const path of ['', '/', '/x', '/1.5', '/-1', '/%201', '/1e3', '/%EF%BC%91']) {
      refused(t, await get(`/install/logs${path}`), 400, 'Install job id must be specified.')
    }
    for (const id of ['99999999', '0', '99999999999999999999']) {
      refused(
        t,
        await get(`/install/logs/${id}`),
        400,
        `Install job id '${id}' does not exist in the database.`,
      )
    }
  })
}

async function deletions(t: Test, world: World, made: Made): Promise<void> {
  const { remove, rows, get, host, lab } = world
  const gone = async (id: unknown) => (await get(`/install?id=${id}`)).status === 400
  const chain = async (hostname: string) => {
    const row = (install_action: string, keys: Row = {}) => ({
      hostname,
      install_action,
      ...ahead(30),
      ...keys,
    })
    const created = await rows('POST', '/install', [
      row('Pre-Upgrade'),
      row('Add', { server_repository: lab.repository.row.hostname, software_packages: 'a.pie' }),
      row('Post-Upgrade'),
      row('Remove', { software_packages: 'a' }),
    ])
    return created.map((each) => Number(each['id']))
  }
  t.test('at least one of id, hostname and status must be given', async (t) => {
    refused(t, await remove('/install/delete'), 400, /At least one of id, hostname and status/)
  })
  t.test('a job goes with all that depend on it; the selected row lists them', async (t) => {
    await host('X1')
    const [pre, add, post, other] = await chain('X1')
    const { status, body } = await remove(`/install/delete?id=${pre}`)
    t.equal(status, 200)
    t.same(body.api_response['install_job_list'], [
      {
        id: pre,
        status: 'SUCCESS',
        hostname: 'X1',
        install_action: 'Pre-Upgrade',
        deleted_dependencies: [add, post],
      },
      { id: add, status: 'SUCCESS', hostname: 'X1', install_action: 'Add' },
      { id: post, status: 'SUCCESS', hostname: 'X1', install_action: 'Post-Upgrade' },
    ])
    for (const id of [pre, add, post]) t.ok(await gone(id))
    t.notOk(await gone(other), 'filters select exactly what they say')
    t.same(await rows('DELETE', `/install/delete?id=${other}`), [
      { id: other, status: 'SUCCESS', hostname: 'X1', install_action: 'Remove', deleted_dependencies: [] },
    ])
  })
  t.test('filters are ANDed', async (t) => {
    await host('X2')
    const [pre = 0, ...rest] = await chain('X2')
    t.same(await rows('DELETE', `/install/delete?id=${pre}&hostname=X1`), [])
    t.same(await rows('DELETE', `/install/delete?id=${pre}&status=failed`), [])
    t.same(await rows('DELETE', '/install/delete?hostname=X2&status=failed'), [])
    t.equal((await rows('DELETE', '/install/delete?hostname=X2&status=scheduled')).length, 1 + rest.length)
    t.same(await rows('DELETE', '/install/delete?hostname=X2'), [], 'nothing left is 200 and []')
  })
  t.test('a job in progress or completed is not deleted by its id', async (t) => {
    const running = await remove(`/install/delete?id=${made.running}`)
    rowRefused(t, running, `Unable to delete install job '${made.running}' as it is in progress.`)
    t.match(listOf(running), [{ id: made.running, hostname: 'J2', install_action: 'Pre-Upgrade' }])
    const completed = await remove(`/install/delete?id=${made.completed}`)
    rowRefused(t, completed, `Unable to delete install job '${made.completed}' as it is completed.`)
  })
  t.test('a hostname passes over jobs in progress and completed ones, whose logs stay', async (t) => {
    t.same(await rows('DELETE', '/install/delete?hostname=J2'), [])
    t.same(pick(await rows('DELETE', '/install/delete?hostname=J1'), 'id'), [{ id: made.scheduled }])
    t.notOk(await gone(made.completed))
    t.equal((await get(`/install/logs/${made.completed}`)).status, 200)
  })
  t.test('a status selects the failed or the scheduled, other values are 400', async (t) => {
    t.match(await rows('DELETE', '/install/delete?hostname=J3&status=failed'), [
      { id: made.failed, status: 'SUCCESS' },
    ])
    t.ok(await gone(made.failed))
    const wrong = "Invalid value for status: must be 'failed' or 'scheduled'."
    for (const status of ['completed', 'in-progress', 'Failed', 'x']) {
      refused(t, await remove(`/install/delete?status=${status}`), 400, wrong)
    }
  })
  t.test('an unknown id and an unknown host are 400', async (t) => {
    for (const id of ['99999999', '0', 'x', '-1', '1.5', '99999999999999999999']) {
      refused(
        t,
        await remove(`/install/delete?id=${id}`),
        400,
        `Install job id '${id}' does not exist in the database.`,
      )
    }
    refused(
      t,
      await remove('/install/delete?hostname=nobody'),
      400,
      "Host 'nobody' does not exist in the database.",
    )
  })
}

async function busyHosts(t: Test, world: World): Promise<void> {
  const { remove, rows, get, lab } = world
  t.test('a host with an install job in progress is not deleted, one whose discovery runs is', async (t) => {
    const busy = "Unable to delete host 'J2'. An install job is in progress."
    refused(t, await remove('/hosts/J2/delete'), 400, busy)
    t.match(await rows('GET', '/hosts?hostname=J2'), [{ hostname: 'J2' }])
    const stuck = lab.router('asr9k', 'telnet')
    await lab.setFaults(stuck.name, [{ kind: 'hang', match: 'show' }])
    await rows('POST', '/hosts', { ...hostRow(stuck), hostname: 'J5' })
    await until(async () => (await lab.sessions(stuck.name)) > 0, {
      message: 'the discovery runs',
      timeoutMs: 20_000,
    })
    const [job] = await rows('POST', '/install', { hostname: 'J5', install_action: 'Commit', ...ahead(9) })
    t.equal((await remove('/hosts/J5/delete')).status, 200)
    refused(t, await get(`/install?id=${job?.['id']}`), 400, /does not exist/)
  })
}

/** The last of all: jobs for the thousand hosts of `manyHosts`. */
export async function manyJobs(t: Test, { get, rows }: World): Promise<void> {
  const ids = async (query: string) =>
    (await rows('GET', `/install?${query}`)).map((row) => Number(row['id']))

  t.test('more than 5000 without page are refused; with page there are pages of 1000', async (t) => {
    const hosts = await rows('GET', '/hosts?region=many')
    const actions = ['Pre-Upgrade', 'Activate', 'Post-Upgrade', 'Commit', 'Remove', 'Deactivate']
    const jobs = hosts.flatMap(({ hostname }) =>
      actions.map((install_action) => ({
        hostname,
        install_action,
        ...(/Upgrade|Commit/.test(install_action) ? {} : { software_packages: 'a' }),
        ...ahead(300),
      })),
    )
    await rows('POST', '/install', jobs)
    await rows('POST', '/install', jobs.filter((job) => job.install_action === 'Commit').slice(1))
    refused(t, await get('/install?status=scheduled'), 400, 'Too many results; please refine your request.')
    const query = 'status=scheduled&install_action=Commit'
    const total = (await ids(query)).length
    t.ok(total >= 1_999)
    const last = await get(`/install?${query}&page=2`)
    t.same([last.body['current_page'], last.body['total_pages']], [2, 2])
    t.equal(listOf(last).length, total - 1_000)
    t.equal((await ids(`${query}&page=1`)).length, 1_000)
    refused(t, await get(`/install?${query}&page=3`), 400, 'Unknown page number')
  })
  t.test('a status without a host selects all jobs that have it', async (t) => {
    t.ok((await rows('DELETE', '/install/delete?status=scheduled')).length > 6_000)
    t.same(await rows('GET', '/install?status=scheduled'), [])
    t.ok((await rows('GET', '/install?status=completed')).length > 0)
  })
}
