// What an action or check is given. It knows routers and rules; sessions, journal, logs and leases are behind these
// few functions.
import type { ClaimedJob } from '@slipway/contracts'
import type { DeviceFacts } from '@slipway/router-session'
import type { Clock } from '@slipway/service-kit'
import type { Device } from '../device/device.ts'
import type { RunControl } from '../runs/run-control.ts'
import type { RunJournal } from '../runs/run-journal.ts'
import type { InstallDialect } from './dialect.ts'
import type { PackageNames } from './selection.ts'
import type { Repository, Source } from './source.ts'

/** Times and counts of actions, in milliseconds; see config.ts for their reasons. */
export interface ActionTimes {
  readonly commandMs: number
  readonly captureMs: number
  readonly installCommandMs: number
  readonly operationMs: number
  readonly pollMs: number
  readonly busyMs: number
  readonly lookAgainMs: number
  readonly reloadHoldMs: number
  readonly reloadStartMs: number
  readonly reloadMs: number
  readonly nodesMs: number
}

/** What is told to people: status line, steps log, warnings of the job. */
export interface Report {
  /** An action or check begins: status and log. */
  step(name: string): void
  status(text: string, percent?: number): void
  info(text: string): void
  /** The job goes on; the text is kept with it. */
  warn(text: string): void
  warnings(): string[]
}

/** Outputs that are kept as files with the session log. */
export interface Captures {
  /** Keeps a command's output. @returns its file name */
  keep(command: string, output: string): Promise<string>
}

/** What one job remembers of a host for a later one. */
export interface HostMemory {
  get(key: string): Promise<{ value: unknown; recordedAt: Date } | undefined>
  set(key: string, value: object): Promise<void>
}

/** Slipway's own store of distributions, as a server repository. */
export interface BuiltInRepository {
  /** Where the files of an Add are fetched from, if the repository leads to the store; undefined if it leads elsewhere. */
  open(repository: Repository, directory: string, files: readonly string[]): Promise<Source | undefined>
}

export interface ActionContext {
  readonly job: ClaimedJob
  readonly dialect: InstallDialect
  readonly device: Device
  /** As of the last login. */
  readonly facts: () => DeviceFacts
  readonly names: PackageNames
  readonly repository: Repository | undefined
  readonly builtIn: BuiltInRepository
  /** Commands of the job's profiles, without repetition. */
  readonly commands: readonly string[]
  readonly journal: RunJournal
  readonly memory: HostMemory
  readonly captures: Captures
  readonly report: Report
  readonly control: RunControl
  readonly times: ActionTimes
  readonly clock: Clock
}

/** What an action changed on the router. */
export interface ActionResult {
  /** Packages that were really added or removed, as users see them. */
  readonly packageChanges: readonly string[]
}

export const noChanges: ActionResult = { packageChanges: [] }

/** One step of an action; throws an action failure to end the job. */
export interface ActionStep {
  readonly name: string
  run(context: ActionContext): Promise<ActionResult>
}

/** One check or capture; it changes nothing. */
export interface Check {
  readonly name: string
  run(context: ActionContext): Promise<void>
}
