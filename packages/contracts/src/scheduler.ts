// Messages of the scheduler: install jobs, dependencies, dispatch to executors.
import { type Static, Type } from '@sinclair/typebox'
import { ErrorBodySchema } from './error-schema.ts'
import { installActions, jobStatuses } from './install-actions.ts'
import { defineDelivery, defineEvent, defineRpc, type Rpc } from './message.ts'
import { Id, JobId, Moment, Nothing, oneOf, strict, Text } from './shapes.ts'

/** What a job is to do, by names that are resolved anew at each attempt. */
const work = {
  hostId: Id,
  hostname: Text,
  action: oneOf(installActions),
  serverRepository: Type.Optional(Text),
  /** Relative to the repository's home directory, '' for itself. */
  serverDirectory: Text,
  softwarePackages: Type.Array(Text),
  commandProfiles: Type.Array(Text),
}

/** An explicit dependency: a job by id, or the latest suitable job of an action. */
export const DependencyInput = Type.Union([
  strict({ jobId: Type.Integer({ minimum: 0 }), asGiven: Text }),
  strict({ action: oneOf(installActions), asGiven: Text }),
  /** Neither digits nor a known action: fails as an invalid dependency. */
  strict({ unknown: Type.Literal(true), asGiven: Text }),
])
export type DependencyInput = Static<typeof DependencyInput>

/** One row of an installation request that passed validation. */
export const JobInput = strict({
  ...work,
  scheduledTime: Moment,
  dependency: Type.Optional(DependencyInput),
})
export type JobInput = Static<typeof JobInput>

/** Answer to one row: the job's id, perhaps with a warning, or why it could not be created. */
export const JobCreated = strict({
  id: Type.Optional(JobId),
  warning: Type.Optional(Text),
  error: Type.Optional(ErrorBodySchema),
})
export type JobCreated = Static<typeof JobCreated>

export const JobRow = strict({
  ...work,
  id: JobId,
  dependsOn: Type.Optional(JobId),
  scheduledTime: Moment,
  startedAt: Type.Optional(Moment),
  status: oneOf(jobStatuses),
  statusAt: Type.Optional(Moment),
  /** What it waits for or is doing. */
  statusMessage: Text,
  /** The device's words where it failed. */
  trace: Text,
  warnings: Type.Array(Text),
  /** Packages that the action added or removed on the host. */
  packageChanges: Type.Array(Text),
  createdBy: Text,
  createdAt: Moment,
})
export type JobRow = Static<typeof JobRow>

/** The state of a job. */
export const JobState = strict({
  id: JobId,
  /** How often it was submitted: once, and once more with each resubmission. */
  submission: Type.Integer({ minimum: 1 }),
  status: oneOf(jobStatuses),
  statusAt: Type.Optional(Moment),
  /** What it waits for or is doing, how it ended. */
  statusMessage: Text,
})
export type JobState = Static<typeof JobState>

export const DeletedJob = strict({
  id: JobId,
  hostname: Text,
  action: oneOf(installActions),
  /** Ids of the dependents deleted with a selected job; absent on rows that are dependents themselves. */
  dependents: Type.Optional(Type.Array(JobId)),
  error: Type.Optional(ErrorBodySchema),
})
export type DeletedJob = Static<typeof DeletedJob>

/** What can be paused: everything, a region, a host. */
export const switchScopes = ['global', 'region', 'host'] as const
export type SwitchScope = (typeof switchScopes)[number]

/** A dispatch switch as it is to stand. `target` is '' for global, a region's name, or a host's id. */
export const SwitchInput = strict({
  scope: oneOf(switchScopes),
  target: Text,
  /** '' for global, else the region's or the host's name. */
  name: Text,
  paused: Type.Boolean(),
  /** Why, in the user's words; absent keeps what was said before. Says nothing where nothing is paused. */
  reason: Type.Optional(Text),
})
export type SwitchInput = Static<typeof SwitchInput>

/** A dispatch switch as it stands. A paused scope is handed no new work; what runs goes on. */
export const SwitchRow = strict({
  scope: oneOf(switchScopes),
  target: Text,
  name: Text,
  paused: Type.Boolean(),
  reason: Text,
  /** The user; absent where nothing is paused. */
  pausedBy: Type.Optional(Text),
  pausedAt: Type.Optional(Moment),
})
export type SwitchRow = Static<typeof SwitchRow>

/** A job that was told to do something: which one that was. */
const JobNamed = strict({ hostname: Text, action: oneOf(installActions) })

export const runKinds = ['install', 'inventory'] as const

/** A job handed to an executor. `submission` counts how often the job was submitted (1, then 1 more a resubmit). */
export const ClaimedJob = strict({
  jobId: JobId,
  submission: Type.Integer({ minimum: 1 }),
  kind: oneOf(runKinds),
  hostId: Id,
  hostname: Text,
  /** Absent for kind 'inventory'. */
  action: Type.Optional(oneOf(installActions)),
  serverRepository: Type.Optional(Text),
  serverDirectory: Text,
  softwarePackages: Type.Array(Text),
  commandProfiles: Type.Array(Text),
  /** The job this one depended on, where it did (Activate of a tar uses the operation of its Add). */
  dependsOn: Type.Optional(JobId),
  createdBy: Text,
  /** Of the request that created it: it follows the job into every log, up to the commands on the router. */
  requestId: Type.Optional(Text),
})
export type ClaimedJob = Static<typeof ClaimedJob>

/** A request that may come again: `key` as its client chose it, `fingerprint` a digest of its rows. */
export const RepeatableRequest = strict({
  key: Type.String({ minLength: 1, maxLength: 255 }),
  fingerprint: Type.String({ minLength: 1, maxLength: 100 }),
})
export type RepeatableRequest = Static<typeof RepeatableRequest>

/** What a request was answered the first time: `validation` if nothing was created because a row was bad. */
export const FirstAnswer = strict({
  phase: Type.Union([Type.Literal('validation'), Type.Literal('creation')]),
  rows: Type.Array(JobCreated),
})
export type FirstAnswer = Static<typeof FirstAnswer>

/** An executor has a run on record. `executorId` is the name under which it was claimed. */
export const RunConfirmation = strict({
  executorId: Text,
  jobId: JobId,
  submission: Type.Integer({ minimum: 1 }),
})
export type RunConfirmation = Static<typeof RunConfirmation>

/** How a run ended. */
export const RunResult = strict({
  jobId: JobId,
  submission: Type.Integer({ minimum: 1 }),
  outcome: oneOf(['completed', 'failed']),
  statusMessage: Text,
  trace: Text,
  warnings: Type.Array(Text),
  packageChanges: Type.Array(Text),
  startedAt: Moment,
  finishedAt: Moment,
})
export type RunResult = Static<typeof RunResult>

export const schedulerMessages = {
  /** Creates jobs with their dependencies in one transaction; rows that cannot be created say why. */
  createJobs: defineRpc('scheduler', 'job.create', {
    request: strict({
      rows: Type.Array(JobInput, { minItems: 1, maxItems: 10_000 }),
      /** Error if the key was used with other rows: SCHEDULER_KEY_REUSED. */
      repeatable: Type.Optional(RepeatableRequest),
    }),
    /** `first` in place of rows if the request was answered before. */
    reply: strict({ rows: Type.Array(JobCreated), first: Type.Optional(FirstAnswer) }),
    permission: 'install.manage',
    timeoutMs: 60_000,
  }),
  /** What the caller's request was answered the first time, if it was. Error: SCHEDULER_KEY_REUSED. */
  findAnswer: defineRpc('scheduler', 'answer.find', {
    request: RepeatableRequest,
    reply: strict({ first: Type.Optional(FirstAnswer) }),
    permission: 'install.manage',
    timeoutMs: 1_900,
  }),
  /** Keeps the refusal of a request; answers what it was answered first. Error: SCHEDULER_KEY_REUSED. */
  recordRefusal: defineRpc('scheduler', 'answer.record-refusal', {
    request: strict({ ...RepeatableRequest.properties, rows: Type.Array(JobCreated) }),
    reply: strict({ first: FirstAnswer }),
    permission: 'install.manage',
  }),
  /**
   * Jobs by id. With `id` the other filters are ignored. Without `page` more than 5000 is SCHEDULER_TOO_MANY;
   * with it pages of 1000, beyond the last INPUT_PAGE_UNKNOWN.
   */
  listJobs: defineRpc('scheduler', 'job.list', {
    request: strict({
      id: Type.Optional(Type.Integer({ minimum: 0 })),
      /** A host that is not known has no jobs. */
      hostname: Type.Optional(Text),
      action: Type.Optional(oneOf(installActions)),
      status: Type.Optional(oneOf(jobStatuses)),
      scheduledFrom: Type.Optional(Moment),
      page: Type.Optional(Type.Integer({ minimum: 1 })),
    }),
    reply: strict({
      rows: Type.Array(JobRow),
      page: Type.Optional(Type.Integer()),
      totalPages: Type.Optional(Type.Integer()),
    }),
    permission: 'read',
    timeoutMs: 15_000,
  }),
  /** Deletes the selected jobs and all their dependents. First the selected rows, then the dependents. */
  deleteJobs: defineRpc('scheduler', 'job.delete', {
    request: strict({
      id: Type.Optional(Type.Integer({ minimum: 0 })),
      hostId: Type.Optional(Id),
      status: Type.Optional(oneOf(['failed', 'scheduled'])),
    }),
    reply: strict({ rows: Type.Array(DeletedJob) }),
    permission: 'install.manage',
    timeoutMs: 30_000,
  }),
  /**
   * A failed job runs again under the same id, as its next submission; what waited for it goes on when it completes.
   * Errors: SCHEDULER_DELETE_JOB_NOT_FOUND, SCHEDULER_RESUBMIT_STATE.
   */
  resubmitJob: defineRpc('scheduler', 'job.resubmit', {
    request: strict({
      id: JobId,
      /** Absent: now. */
      scheduledTime: Type.Optional(Moment),
    }),
    reply: JobNamed,
    permission: 'install.manage',
  }),
  /**
   * A job in progress is to stop; asking again changes nothing. One that no executor has confirmed ends at once,
   * the end of another is its executor's to tell. Errors: SCHEDULER_DELETE_JOB_NOT_FOUND, SCHEDULER_CANCEL_STATE.
   */
  cancelJob: defineRpc('scheduler', 'job.cancel', {
    request: strict({ id: JobId }),
    reply: JobNamed,
    permission: 'install.manage',
  }),
  /** The states of jobs that somebody watches; those that do not exist (any more) have no row. */
  watchJobs: defineRpc('scheduler', 'job.watch', {
    request: strict({ ids: Type.Array(JobId, { minItems: 1, maxItems: 1_000 }) }),
    reply: strict({ rows: Type.Array(JobState) }),
    permission: 'install.manage',
  }),
  /** Dispatch switches: that of everything, and those that are paused. */
  listSwitches: defineRpc('scheduler', 'switch.list', {
    request: Nothing,
    reply: strict({ rows: Type.Array(SwitchRow) }),
    permission: 'read',
  }),
  /**
   * Pauses or resumes. Once it is answered nothing of a paused scope is handed out. Rows stand in request order;
   * an error is INVENTORY_HOST_NOT_FOUND (the host was deleted).
   */
  setSwitches: defineRpc('scheduler', 'switch.set', {
    request: strict({ rows: Type.Array(SwitchInput, { minItems: 1, maxItems: 10_000 }) }),
    reply: strict({
      rows: Type.Array(strict({ switch: Type.Optional(SwitchRow), error: Type.Optional(ErrorBodySchema) })),
    }),
    permission: 'dispatch.manage',
    timeoutMs: 30_000,
  }),
  /** Asks for work. The same requestId is answered with the same jobs again. */
  claimRuns: defineRpc('scheduler', 'run.claim', {
    request: strict({ executorId: Text, requestId: Text, free: Type.Integer({ minimum: 1, maximum: 500 }) }),
    reply: strict({
      jobs: Type.Array(ClaimedJob),
      /** Milliseconds until the next job is due, at most 60 000. */
      nextDueInMs: Type.Integer({ minimum: 0, maximum: 60_000 }),
    }),
    permission: 'internal',
  }),
  /** Executors have recorded runs in their own database. Rows stand in request order; an error is SCHEDULER_RUN_GONE. */
  confirmRuns: defineRpc('scheduler', 'run.confirm', {
    request: strict({ rows: Type.Array(RunConfirmation, { minItems: 1, maxItems: 500 }) }),
    reply: strict({ rows: Type.Array(strict({ error: Type.Optional(ErrorBodySchema) })) }),
    permission: 'internal',
  }),
  /** Inventory is about to delete a host: its jobs go, unless one is in progress (SCHEDULER_HOST_BUSY). */
  releaseHost: defineRpc('scheduler', 'host.release', {
    request: strict({ hostId: Id }),
    reply: Nothing,
    permission: 'internal',
    timeoutMs: 15_000,
  }),
  /** How many jobs that are not finished refer to a repository or a profile. */
  countReferences: defineRpc('scheduler', 'reference.count', {
    request: Type.Union([strict({ serverRepository: Text }), strict({ commandProfile: Text })]),
    reply: strict({ count: Type.Integer({ minimum: 0 }) }),
    permission: 'internal',
  }),
} as const satisfies Record<string, Rpc>

/** A host as the scheduler is told of it. */
const HostNews = strict({
  hostId: Id,
  hostname: Text,
  region: Text,
  version: Type.Integer(),
  discover: Type.Boolean(),
})

export const schedulerDeliveries = {
  /**
   * Host → region, versioned (an older version is ignored); asks for a discovery where one is due. One request may
   * change many hosts: `requestId` is its id.
   */
  recordHosts: defineDelivery(
    'scheduler',
    'host.record',
    strict({ hosts: Type.Array(HostNews, { minItems: 1, maxItems: 500 }), requestId: Type.Optional(Text) }),
  ),
  /** Runs ended. A result of an older submission is ignored. */
  recordResults: defineDelivery(
    'scheduler',
    'run.record-result',
    strict({ results: Type.Array(RunResult, { minItems: 1, maxItems: 500 }) }),
  ),
} as const

export const schedulerEvents = {
  /** Work may be due: idle executors ask for it. */
  workReady: defineEvent('scheduler', 'work.ready', Nothing),
  /** The state of these jobs changed (handed out, ended, submitted again, cancelled, deleted): whoever watches asks. */
  jobsChanged: defineEvent('scheduler', 'job.changed', strict({ jobIds: Type.Array(JobId) })),
  /** A run is no longer wanted (its host was deleted): the executor stops before the next mutating command. */
  runRevoked: defineEvent('scheduler', 'run.revoked', strict({ jobId: JobId })),
} as const
