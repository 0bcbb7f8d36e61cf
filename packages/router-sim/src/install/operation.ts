/** One install operation of a router, running or in its log. */
import type { ChangePlan } from './change-plan.ts'

/** What an operation does. */
export type OperationKind = 'add' | 'activate' | 'deactivate' | 'commit' | 'remove' | 'rollback'

/** How an operation stands. `failed` is the device's own verdict, `aborted` somebody's wish or a reload. */
export type OperationState = 'running' | 'succeeded' | 'failed' | 'aborted'

/** A line of an operation's log with the time it was written. */
export interface LogLine {
  readonly at: Date
  readonly text: string
}

/** An operation as the engine keeps it. Times are the router's clock. */
export interface Operation {
  readonly id: number
  readonly kind: OperationKind
  /** The command as the log shows it, secrets masked. */
  readonly text: string
  readonly user: string
  readonly startedAt: Date
  finishedAt: Date | undefined
  state: OperationState
  /** Bytes downloaded so far; undefined when nothing is being downloaded. */
  downloadedBytes: number | undefined
  readonly lines: LogLine[]
  /** Internal names the operation is about; what `id <N>` stands for. */
  packages: string[]
  plan: ChangePlan | undefined
}

/** What an operation's work comes to. */
export type Outcome =
  | {
      readonly ok: true
      readonly apply?: () => void
      readonly reload?: boolean
      readonly lines?: readonly string[]
    }
  | { readonly ok: false; readonly errors: readonly string[] }
