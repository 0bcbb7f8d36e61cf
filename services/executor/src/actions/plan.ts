// Which checks and steps an action consists of, in this order, as data. Checks in front of a step belong to it (the
// guide's Pre-Add, Pre-Activate, Pre-Deactivate) and run in the same session.
import type { InstallAction } from '@slipway/contracts'
import type { ActionStep, Check } from './action.ts'
import type { InstallDialect } from './dialect.ts'

export interface ActionPlan {
  readonly checks: readonly Check[]
  readonly step?: ActionStep
  /** Which parts of the host's record are read anew afterwards. */
  readonly refresh: 'nothing' | 'packages' | 'facts-and-packages'
}

/** A platform as the executor knows it. */
export interface InstallPlatform {
  readonly dialect: InstallDialect
  readonly plans: Readonly<Record<InstallAction, ActionPlan>>
}
