// The executor's settings: EXECUTOR_*. The times of actions are limits, not pauses: everything is detected, and the
// limits say when to give up.
import { type Static, Type } from '@sinclair/typebox'
import { maxLinkLifetimeS } from '@slipway/contracts'
import { Duration, Secret } from '@slipway/service-kit'

const minute = 60_000

export const executorConfig = Type.Object({
  masterKey: Secret({
    env: 'SLIPWAY_MASTER_KEY',
    minLength: 1,
    description: 'Keys of sealed credentials, k2:<base64>,k1:<base64>; the first seals, all open.',
  }),
  logDir: Type.String({
    env: 'SLIPWAY_LOG_DIR',
    minLength: 1,
    description: 'Folder of session logs, a folder for each job and attempt. Shared by all executors.',
  }),
  publicUrl: Type.Optional(
    Type.String({
      env: 'SLIPWAY_PUBLIC_URL',
      pattern: '^https?://[^/]+/?$',
      description:
        'How routers reach the API: HTTP(S) server repositories that lead there are the store of distributions.',
    }),
  ),
  linkLifetime: Duration({
    minimum: 60_000,
    maximum: maxLinkLifetimeS * 1_000,
    default: 240 * minute,
    description:
      'How long after an Add began a router may still begin to fetch a file from the store of distributions.',
  }),
  name: Type.String({
    default: '',
    maxLength: 64,
    description:
      'Name of this executor in claims and logs; each start adds something unique. Default: the host name.',
  }),
  sole: Type.Boolean({
    default: false,
    description:
      'No other process works on this database (standalone: the data directory is locked). Runs of the process before this one are then taken over at once.',
  }),
  concurrency: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 50,
    description:
      'Runs, and so sessions with routers, at the same time. Runs that another executor left behind are taken over up to twice as many.',
  }),
  lease: Duration({
    minimum: 1_000,
    default: 30_000,
    description: 'How long a run is held without a renewal.',
  }),
  leaseRenewal: Duration({ minimum: 100, default: 10_000, description: 'How often leases are renewed.' }),
  leaseMargin: Duration({
    minimum: 100,
    default: 5_000,
    description: 'Before the end of a lease nothing that changes a router is sent for so long.',
  }),
  takeOverGrace: Duration({
    minimum: 100,
    default: 10_000,
    description: 'After the end of a lease a run is not taken over for so long.',
  }),
  sweepInterval: Duration({
    minimum: 100,
    default: 3_000,
    description:
      'How often runs whose lease ran out are looked for. With lease and grace: how soon a lost executor is noticed.',
  }),
  maxAttempts: Type.Integer({
    minimum: 1,
    default: 50,
    description: 'A run that was interrupted so often is failed instead of resumed.',
  }),
  stopGrace: Duration({
    default: 20_000,
    description: 'How long a stop waits for runs to reach a point where they can be handed over.',
  }),
  connectTimeout: Duration({
    minimum: 1_000,
    default: minute,
    description: 'Limit of connecting to a router.',
  }),
  loginTimeout: Duration({
    minimum: 1_000,
    default: minute,
    description: 'Limit of logging in to a router.',
  }),
  reconnectPause: Duration({
    minimum: 10,
    default: 5_000,
    description: 'Longest pause between attempts to get back to a router that restarts; at first shorter.',
  }),
  commandTimeout: Duration({
    minimum: 1_000,
    default: 10 * minute,
    description: 'Limit of a command that only reads; hardware tables take over a minute after a restart.',
  }),
  captureTimeout: Duration({
    minimum: 1_000,
    default: 2_200_000,
    description: 'Limit of capturing a configuration or a custom command.',
  }),
  installTimeout: Duration({
    minimum: 1_000,
    default: 120 * minute,
    description: 'Limit of an install command until the router takes it, or of copying a file to it.',
  }),
  operationTimeout: Duration({
    minimum: 1_000,
    default: 24 * 60 * minute,
    description: 'Limit of an install operation that a router works on.',
  }),
  pollInterval: Duration({
    minimum: 10,
    default: 10_000,
    description:
      'How often a router is asked how an operation stands, beside its own messages; at first more often.',
  }),
  busyTimeout: Duration({
    default: 30 * minute,
    description: "How long another install operation on the router is waited for before a job's own.",
  }),
  lookAgain: Duration({
    minimum: 10,
    default: 10_000,
    description:
      'Between the two looks at a router that decide whether a command of an interrupted run was ever sent.',
  }),
  cancelReach: Duration({
    default: 5 * minute,
    description:
      'How long a cancelled run tries to reach a router on which it began something, to stop it there.',
  }),
  reloadHold: Duration({
    default: 10_000,
    description: 'A session in which a restart was confirmed stays open for so long (CSCvb67386).',
  }),
  reloadStart: Duration({
    default: 20 * minute,
    description: 'Limit from the announcement of a restart to the restart; some routers take ten minutes.',
  }),
  reloadTimeout: Duration({
    default: 60 * minute,
    description: 'Limit of a restart until the router lets us in again.',
  }),
  nodesTimeout: Duration({
    default: 120 * minute,
    description: 'Limit after a restart until all nodes are in a stable state.',
  }),
})
export type ExecutorConfig = Static<typeof executorConfig>
