// GET /install, DELETE /install/delete, session logs.
import { createError, type JobRow, schedulerMessages, toErrorBody } from '@slipway/contracts'
import type { Test } from 'tap'
import { build, failed, hostId, rowsIn } from './fixture.ts'

const job: JobRow = {
  id: 20,
  hostId: hostId(1),
  hostname: 'R1',
  action: 'Add',
  serverRepository: 'My Server',
  serverDirectory: 'asr9k',
  softwarePackages: ['a.pie', 'b.pie'],
  commandProfiles: ['P', 'Q'],
  dependsOn: 19,
  scheduledTime: '2016-06-01T15:15:00.000Z',
  startedAt: '2016-06-01T15:20:00.000Z',
  status: 'in-progress',
  statusMessage: 'Copying a.pie 45%',
  trace: '',
  warnings: ['w1', 'w2'],
  packageChanges: ['+ a'],
  createdBy: 'root',
  createdAt: '2016-06-01T15:00:00.000Z',
}

export function reading(t: Test): void {
  t.test('GET /install answers the keys of the guide and of later releases', async (t) => {
    const { ask } = await build(t, { scheduler: { listJobs: () => ({ rows: [job] }) } })
    const answer = await ask('GET', '/api/v1/install?id=20')
    const row = {
      id: 20,
      install_action: 'Add',
      dependency: 19,
      server: 'My Server',
      packages: 'a.pie,b.pie',
      pending_downloads: '',
      scheduled_time: 'Wed, 01 Jun 2016 15:15:00 GMT',
      start_time: 'Wed, 01 Jun 2016 15:20:00 GMT',
      status: 'in-progress',
      status_time: '',
      trace: '',
      created_by: 'root',
      hostname: 'R1',
      custom_command_profile: 'P,Q',
      server_repository: 'My Server',
      server_directory: 'asr9k',
      software_packages: ['a.pie', 'b.pie'],
      command_profile: ['P', 'Q'],
      status_message: 'Copying a.pie 45%',
      warnings_or_errors: 'w1\nw2',
      package_change_list: ['+ a'],
    }
    t.same(answer.json, { api_response: { install_job_list: [row] } })
    for (const sign of ['%2B', '+']) {
      const local = await ask('GET', `/api/v1/install?id=20&utc_offset=${sign}05:30`)
      t.same(rowsIn(local, 'install_job_list')[0], {
        ...row,
        scheduled_time: '06-01-2016 08:45 PM',
        start_time: '06-01-2016 08:50 PM',
      })
    }
  })

  t.test('filters of GET /install are passed on, or refused with the words of the contract', async (t) => {
    const { ask, askedFor } = await build(t)
    const filters: Record<string, object> = {
      '': {},
      '?hostname=R1&install_action=Add': { hostname: 'R1', action: 'Add' },
      '?hostname=%20My%20%20Host%201&status=failed': { hostname: 'My Host 1', status: 'failed' },
      '?scheduled_time=08-02-2016%2008:00%20AM&utc_offset=+07:00': {
        scheduledFrom: '2016-08-02T01:00:00.000Z',
      },
      '?utc_offset=-07:00&page=2': { page: 2 },
      '?id=7&hostname=nobody&status=&status=x&page=zero': { id: 7 },
    }
    for (const [query, filter] of Object.entries(filters)) {
      const answer = await ask('GET', `/api/v1/install${query}`)
      t.equal(answer.status, 200)
      t.same(answer.json, {
        api_response: { install_job_list: [] },
        ...('page' in filter ? { current_page: 2, total_pages: 1 } : {}),
      })
      t.same(askedFor(schedulerMessages.listJobs).at(-1)?.payload, filter, query)
    }
    const refusals: Record<string, string> = {
      'id=x': "Install id 'x' does not exist in the database.",
      'id=0': "Install id '0' does not exist in the database.",
      'id=99999999999999999999': "Install id '99999999999999999999' does not exist in the database.",
      'id=-1': "Install id '-1' does not exist in the database.",
      'id=1&typo=1': "Following parameter, 'typo', is not allowed.",
      'id=': "Parameter 'id' must not be empty.",
      'hostname=nobody': "Host 'nobody' does not exist in the database.",
      'hostname=nobody&status=running': "Host 'nobody' does not exist in the database.",
      'install_action=add': "'add' is an invalid install action.",
      'status=running': "'running' is an invalid job status.",
      'scheduled_time=08-02-2016%2008:00%20AM':
        'utc_offset must be specified if scheduled_time is specified.',
      'utc_offset=7': "Invalid utc_offset: Must be in '<+|->dd:dd' format and be between -14:00 and +14:00.",
      'id=1&utc_offset=%2B14:01':
        "Invalid utc_offset: Must be in '<+|->dd:dd' format and be between -14:00 and +14:00.",
      'scheduled_time=2016-08-02&utc_offset=-07:00':
        "Invalid scheduled_time: 2016-08-02 must be in 'mm-dd-yyyy hh:mm AM|PM' format.",
      'page=x': 'page must be an numeric value',
    }
    for (const [query, message] of Object.entries(refusals)) {
      t.ok(failed(await ask('GET', `/api/v1/install?${query}`), 400, message), query)
    }
  })

  t.test('DELETE /install/delete answers selected jobs, then dependents', async (t) => {
    const conflict = toErrorBody(createError('SCHEDULER_DELETE_IN_PROGRESS', [21]))
    const { ask, askedFor } = await build(t, {
      scheduler: {
        deleteJobs: ({ id, status }) => {
          if (id === 21) return { rows: [{ id: 21, hostname: 'R1', action: 'Add', error: conflict }] }
          if (id === 404) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', ['404'])
          if (status === 'failed') return { rows: [] }
          return {
            rows: [
              { id: 20, hostname: 'R1', action: 'Add', dependents: [22] },
              { id: 22, hostname: 'R1', action: 'Activate' },
            ],
          }
        },
      },
    })
    const answer = await ask('DELETE', '/api/v1/install/delete?hostname=R1&status=scheduled')
    t.equal(answer.status, 200)
    t.same(rowsIn(answer, 'install_job_list'), [
      { id: 20, status: 'SUCCESS', hostname: 'R1', install_action: 'Add', deleted_dependencies: [22] },
      { id: 22, status: 'SUCCESS', hostname: 'R1', install_action: 'Activate' },
    ])
    t.same(askedFor(schedulerMessages.deleteJobs)[0]?.payload, { hostId: hostId(1), status: 'scheduled' })
    const busy = await ask('DELETE', '/api/v1/install/delete?id=21')
    t.equal(busy.status, 400)
    t.match(rowsIn(busy, 'install_job_list'), [
      { id: 21, status: 'FAILED', status_message: "Unable to delete install job '21' as it is in progress." },
    ])
    const nothing = await ask('DELETE', '/api/v1/install/delete?status=failed')
    t.equal(nothing.status, 200)
    t.same(nothing.json, { api_response: { install_job_list: [] } })
    const refusals: Record<string, string> = {
      '': 'At least one of id, hostname and status must be specified.',
      '?id=404': "Install job id '404' does not exist in the database.",
      '?id=x': "Install job id 'x' does not exist in the database.",
      '?id=': "Parameter 'id' must not be empty.",
      '?hostname=nobody': "Host 'nobody' does not exist in the database.",
      '?status=completed': "Invalid value for status: must be 'failed' or 'scheduled'.",
    }
    for (const [query, message] of Object.entries(refusals)) {
      t.ok(failed(await ask('DELETE', `/api/v1/install/delete${query}`), 400, message), query)
    }
  })

  t.test('session logs are served for jobs that exist, and their absence has its words', async (t) => {
    const { ask } = await build(t, {
      scheduler: {
        listJobs: ({ id }) => {
          if (id === 404) throw createError('SCHEDULER_JOB_NOT_FOUND', ['404'])
          return { rows: id === 405 ? [] : [job] }
        },
      },
      sessionLogs: async (app) => {
        app.get<{ Params: { id: string } }>('/install/logs/:id', async (request, reply) => {
          if (request.params.id === '21') throw createError('EXECUTOR_LOG_NOT_FOUND', ['21'])
          return reply
            .type('application/zip')
            .header('content-disposition', 'attachment; filename="session_logs.zip"')
            .send(Buffer.from('PK'))
        })
      },
    })
    const zip = await ask('GET', '/api/v1/install/logs/20')
    t.equal(zip.status, 200)
    t.equal(zip.headers['content-type'], 'application/zip')
    t.equal(zip.headers['cache-control'], 'no-store')
    t.equal(zip.text, 'PK')
    const refusals: Record<string, string> = {
      '/21': "Session log does not exist for install job id '21'.",
      '/404': "Install job id '404' does not exist in the database.",
      '/405': "Install job id '405' does not exist in the database.",
      '/99999999999': "Install job id '99999999999' does not exist in the database.",
      '/x': 'Install job id must be specified.',
      '/': 'Install job id must be specified.',
      '': 'Install job id must be specified.',
    }
    for (const [path, message] of Object.entries(refusals)) {
      t.ok(failed(await ask('GET', `/api/v1/install/logs${path}`), 400, message), path)
    }
  })
}
