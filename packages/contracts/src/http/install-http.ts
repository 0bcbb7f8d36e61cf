// Installation jobs as the HTTP API shows them. Source: API guide, section 1.3; REST contract, sections 5 and 8.
import { Type } from '@sinclair/typebox'
import { installActions, jobStatuses } from '../install-actions.ts'
import { answer } from './http-samples.ts'
import {
  choice,
  delimited,
  envelope,
  Failure,
  failure,
  filter,
  integer,
  listOf,
  named,
  pages,
  pathJob,
  rowAnswers,
  rowsBody,
  text,
  texts,
  tooLarge,
} from './http-shapes.ts'
import type { HttpOperation, HttpParameter } from './operation.ts'

const base = '/api/v1/install'
const action = choice('What is done to the host.', installActions, 'Activate')
const id = integer('Id of the job; never reused.', 118)
const schedule = {
  scheduled_time: Type.Optional(text('`mm-dd-yyyy hh:mm AM|PM`; absent: now.', '06-01-2016 08:15 AM')),
  utc_offset: Type.Optional(
    text('Of `scheduled_time`, -14:00 to +14:00; needed with it.', '-07:00', {
      pattern: String.raw`^[+-]\d\d:\d\d$|^$`,
    }),
  ),
}

const InstallInput = named(
  'InstallInput',
  Type.Object(
    {
      hostname: text('An existing host.', 'My Host 1'),
      install_action: action,
      ...schedule,
      command_profile: Type.Optional(delimited('Custom command profiles to run.', 'Before upgrade')),
      dependency: Type.Optional(
        Type.Union([Type.String(), Type.Integer()], {
          description: 'A job by id, or the latest suitable job of an action on that host.',
          examples: ['Add', 118],
        }),
      ),
      server_repository: Type.Optional(text('Add: where the packages are.', 'sftp-1')),
      server_directory: Type.Optional(text('Add: directory below that of the repository.', 'r613')),
      software_packages: Type.Optional(
        delimited('Add, Activate, Remove, Deactivate.', 'asr9k-mcast-px.pie-6.1.3'),
      ),
    },
    { additionalProperties: false },
  ),
)

const time = (what: string, example = '') =>
  text(`${what} RFC 1123, or \`mm-dd-yyyy hh:mm AM|PM\` where utc_offset is given; \`""\`: not yet.`, example)
const someTime = 'Wed, 01 Jun 2016 15:15:00 GMT'

const InstallJob = named(
  'InstallJob',
  Type.Object({
    id,
    install_action: action,
    dependency: Type.Union([Type.Integer(), Type.Literal('')], {
      description: 'The job it waits for or waited for.',
      examples: [117],
    }),
    server: text('Same as `server_repository`.', 'sftp-1'),
    packages: text('Comma delimited.', 'asr9k-mcast-px.pie-6.1.3'),
    pending_downloads: text('Always empty: routers fetch packages themselves.'),
    scheduled_time: time('When it is due.', someTime),
    start_time: time('When it started.'),
    status: choice('Its state.', jobStatuses),
    status_time: time('Since when it is in that state.', someTime),
    trace: text("The router's words where it failed.", ''),
    created_by: text('Who submitted it.', 'root'),
    hostname: text('Its host.', 'My Host 1'),
    custom_command_profile: text('Comma delimited.', ''),
    server_repository: text('Where its packages are.', 'sftp-1'),
    server_directory: text('Directory below that of the repository.', 'r613'),
    software_packages: texts('Packages.', ['asr9k-mcast-px.pie-6.1.3']),
    command_profile: texts('Custom command profiles.', []),
    status_message: text('What it waits for or is doing.', 'Waiting for dependency 117 (Add, in-progress)'),
    warnings_or_errors: text('One a line.', ''),
    package_change_list: texts('Packages it added or removed.', []),
  }),
)

const offset: HttpParameter = filter('How times are written, and that of `scheduled_time`.', '-07:00')
const jobAnswer = envelope(
  Type.Object({
    status: Type.Literal('SUCCESS'),
    id,
    hostname: Type.String(),
    install_action: action,
  }),
)
const jobExample = {
  api_response: { status: 'SUCCESS', id: 118, hostname: 'My Host 1', install_action: 'Add' },
}

const scheduledRow = named(
  'ScheduledInstallJob',
  Type.Object({
    status: Type.Literal('SUCCESS'),
    id,
    hostname: Type.String(),
    install_action: action,
    warning: Type.Optional(text('It is scheduled, but something is odd.')),
  }),
)
const refusedRow = named(
  'RefusedInstallJob',
  Type.Object(
    {
      status: Type.Literal('FAILED'),
      status_message: text('Why it was not scheduled.', "Dependency '99' does not exist in the database."),
    },
    { additionalProperties: true, description: 'The row as it was submitted, with what is wrong.' },
  ),
)
const refusedRows = envelope(
  Type.Object({
    install_job_list: Type.Array(refusedRow),
    software_list: Type.Optional(
      Type.Array(refusedRow, { description: 'The same rows, under the key of the guide’s sample.' }),
    ),
  }),
)
const refusedExample = {
  hostname: 'My Host 1',
  install_action: 'Commit',
  dependency: '99',
  status: 'FAILED',
  status_message: "Dependency '99' does not exist in the database.",
}

const created: HttpOperation['answers'] = {
  200: {
    description: 'Every job is scheduled.',
    schema: listOf('install_job_list', scheduledRow),
    example: { api_response: { install_job_list: [jobExample.api_response] } },
  },
  207: {
    description: 'Dependencies of some rows could not be resolved; the others are scheduled.',
    schema: listOf('install_job_list', Type.Union([scheduledRow, refusedRow])),
    example: { api_response: { install_job_list: [jobExample.api_response, refusedExample] } },
  },
  400: {
    description: 'Nothing was scheduled. The rows come back with what was submitted.',
    schema: Type.Union([refusedRows, Failure]),
    example: { api_response: { install_job_list: [refusedExample] } },
  },
  409: failure('The key was used with another body.', 'The Idempotency-Key was used with another request.'),
  413: tooLarge,
}

export const installOperations: readonly HttpOperation[] = [
  {
    method: 'post',
    path: base,
    id: 'createInstallJobs',
    tag: 'Installation jobs',
    summary: 'Schedule installation jobs',
    description:
      'Either every row is valid or none is scheduled. Rows of one host and request form the chain ' +
      'Pre-Upgrade ← Add ← Activate ← Post-Upgrade ← Commit. 207: a dependency could not be resolved.',
    permission: 'install.manage',
    headers: {
      'Idempotency-Key': {
        description: 'The same key and body within 24 hours answers the first answer again.',
        schema: Type.String({ minLength: 1, maxLength: 255 }),
        example: '6f1d3c1e-upgrade-rtp',
      },
    },
    body: rowsBody('Jobs.', InstallInput, {
      'an upgrade': [
        { hostname: 'My Host 1', install_action: 'Pre-Upgrade' },
        {
          hostname: 'My Host 1',
          install_action: 'Add',
          server_repository: 'sftp-1',
          software_packages: 'asr9k-mcast-px.pie-6.1.3',
        },
        {
          hostname: 'My Host 1',
          install_action: 'Activate',
          software_packages: 'asr9k-mcast-px.pie-6.1.3',
          scheduled_time: '06-01-2016 08:15 AM',
          utc_offset: '-07:00',
        },
        { hostname: 'My Host 1', install_action: 'Post-Upgrade' },
        { hostname: 'My Host 1', install_action: 'Commit' },
      ],
    }),
    answers: created,
  },
  {
    method: 'get',
    path: base,
    id: 'listInstallJobs',
    tag: 'Installation jobs',
    summary: 'List installation jobs',
    description:
      'By id, history included; filters are ANDed. More than 5000 without `page` are refused; pages hold 1000.',
    permission: 'read',
    query: {
      id: filter('Only this job; other filters are not looked at.', 118),
      hostname: filter('Only jobs of this host.', 'My Host 1'),
      install_action: { ...filter('Only this action.', 'Add'), schema: action },
      status: { ...filter('Only jobs in this state.', 'failed'), schema: choice('State.', jobStatuses) },
      scheduled_time: filter('Only jobs due at this time or later.', '06-01-2016 08:15 AM'),
      utc_offset: offset,
      page: filter('Page, from 1.', 1),
    },
    answers: {
      200: answer(
        'Jobs.',
        listOf('install_job_list', InstallJob, {
          current_page: Type.Optional(pages.current_page),
          total_pages: Type.Optional(pages.total_pages),
        }),
      ),
      400: failure('A filter is not valid.', "'done' is an invalid job status."),
    },
  },
  {
    method: 'delete',
    path: `${base}/delete`,
    id: 'deleteInstallJobs',
    tag: 'Installation jobs',
    summary: 'Delete scheduled and failed jobs',
    description: 'At least one filter; they are ANDed. All dependents go too.',
    permission: 'install.manage',
    query: {
      id: filter('This job.', 118),
      hostname: filter('Jobs of this host.', 'My Host 1'),
      status: {
        ...filter('Jobs in this state.', 'failed'),
        schema: choice('State.', ['failed', 'scheduled']),
      },
    },
    answers: rowAnswers(
      'install_job_list',
      {
        id,
        hostname: Type.String(),
        install_action: action,
        deleted_dependencies: Type.Optional(Type.Array(Type.Integer())),
      },
      { ...jobExample.api_response, deleted_dependencies: [119] },
    ),
  },
  {
    method: 'get',
    path: `${base}/logs/{id}`,
    id: 'getSessionLogs',
    tag: 'Installation jobs',
    summary: 'Session logs of a job',
    permission: 'install.manage',
    params: { id: pathJob },
    answers: {
      200: {
        description: 'A zip of every session log, at least `session.log`.',
        schema: Type.String({ format: 'binary' }),
        mediaTypes: ['application/zip'],
        headers: { 'Content-Disposition': 'attachment; filename="session_logs.zip"' },
      },
      400: failure('No such job, or no log yet.', "Session log does not exist for install job id '118'."),
    },
  },
  {
    method: 'get',
    path: `${base}/{id}/events`,
    id: 'watchInstallJob',
    tag: 'Installation jobs',
    summary: 'Watch a job: server-sent events',
    description:
      'What happened to the job, then what happens, as it comes. Events, each with JSON data:\n\n' +
      '- `status`: the state of the job: `job`, `submission` (1, and 1 more with each resubmission), `status`, ' +
      '`time`, `status_message`. It begins the stream of a job that is not finished, and comes with every change. ' +
      '`completed` and `failed` come last; then the stream ends.\n' +
      '- `activity`: `seq` (1, 2, … without gaps), `attempt`, `time`, `kind` (`claimed`, `started`, `resumed`, ' +
      '`handed-over`, `step`, `status`, `warning`, `command`, `cancel-requested`, `ended`) and what belongs to the ' +
      'kind: `text`, `change` and `command`, `executor`, `by`, `outcome` and `status_message`.\n' +
      '- `log`: `lines` of the session logs `plugins.log` and `session.log` (`log`) of an `attempt`.\n' +
      '- `progress`: `status_message` and perhaps `percent`: what the job waits for or is doing. The only one that ' +
      'may be left out, and that has no id.\n' +
      '- `deleted`: there is no such job any more; the stream ends.\n\n' +
      'A client that comes back with the `Last-Event-ID` it saw gets everything after it once, from any server. ' +
      'Every 15 seconds a comment says that the stream lives. The stream ends when the token expires or its user is ' +
      'changed, and when the server stops.',
    permission: 'install.manage',
    params: { id: pathJob },
    headers: {
      'Last-Event-ID': {
        description: 'Id of the last event that was seen; absent: from the beginning.',
        schema: Type.String({ maxLength: 100 }),
        example: '12.1.843.10221.1.2',
      },
    },
    answers: {
      200: {
        description: 'The stream.',
        schema: Type.String(),
        mediaTypes: ['text/event-stream'],
        example:
          'retry: 2000\n\nid: 0.0.0.0.1.2\nevent: status\ndata: {"job":118,"submission":1,"status":"in-progress",' +
          '"time":"2016-06-01T15:15:02.000Z","status_message":"Connecting to device"}\n\n',
      },
      204: { description: 'The job has ended and all of it was seen: do not come back.' },
      400: failure(
        'No such job, or no such Last-Event-ID.',
        "Install job id '118' does not exist in the database.",
      ),
    },
  },
  {
    method: 'post',
    path: `${base}/{id}/cancel`,
    id: 'cancelInstallJob',
    tag: 'Installation jobs',
    summary: 'Cancel a running job',
    description:
      'It stops before the next command that changes the router, aborts the running operation where the router ' +
      'can, and ends `failed`. Answered when the wish is recorded.',
    permission: 'install.manage',
    params: { id: pathJob },
    answers: {
      200: { description: 'It will stop.', schema: jobAnswer, example: jobExample },
      400: failure(
        'It does not run, or there is no such job.',
        "Unable to cancel install job '118' as it is scheduled.",
      ),
    },
  },
  {
    method: 'post',
    path: `${base}/{id}/resubmit`,
    id: 'resubmitInstallJob',
    tag: 'Installation jobs',
    summary: 'Run a failed job again',
    description: 'Under the same id; jobs that waited for it go on when it completes.',
    permission: 'install.manage',
    params: { id: pathJob },
    body: {
      description: 'When; absent: now.',
      schema: Type.Object(schedule, { additionalProperties: false }),
      required: false,
      examples: { later: { scheduled_time: '06-01-2016 08:15 AM', utc_offset: '-07:00' } },
    },
    answers: {
      200: { description: 'It is scheduled.', schema: jobAnswer, example: jobExample },
      400: failure(
        'It has not failed, or there is no such job.',
        "Unable to resubmit install job '118' as it is completed.",
      ),
    },
  },
]
