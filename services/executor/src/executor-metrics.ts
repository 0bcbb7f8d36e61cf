// What an executor counts.
import { type DeviceErrorCode, deviceErrorMeanings } from '@slipway/router-session'
import { counter, liveGauge, type Metrics } from '@slipway/service-kit'
import type { MutationKind } from './runs/journal-store.ts'

/**
 * How an attempt came here: claimed from the scheduler; released by an executor that stopped; expired: its executor
 * died or lost its database, and the lease ran out.
 */
export type AttemptStart = 'claimed' | 'released' | 'expired'

export interface ExecutorMetrics {
  begun(start: AttemptStart): void
  /** left: without a result, for whoever takes the run over. */
  ended(outcome: 'completed' | 'failed' | 'left'): void
  /** A run had to be left because somebody else has it, or may have it. */
  leaseLost(): void
  renewalFailed(): void
  /** Something that a session with a router threw; anything but trouble with the router is passed over. */
  deviceFailed(error: unknown): void
  /** A command was sent to a router; the ones that change it are counted where they are journalled. */
  commandSent(kind: 'read' | MutationKind): void
  sessionLogged(bytes: number): void
}

export interface ExecutorMetricsOptions {
  running: () => number
  concurrency: number
}

export function createExecutorMetrics(metrics: Metrics, options: ExecutorMetricsOptions): ExecutorMetrics {
  addSlots(metrics, options)
  const attempts = counter(metrics, {
    name: 'slipway_executor_attempts_total',
    help: 'Attempts of runs that began here: claimed, or taken over after a stop (released) or a lost executor (expired).',
    labels: ['start'],
  })
  const ended = counter(metrics, {
    name: 'slipway_executor_runs_ended_total',
    help: 'Attempts that ended here: completed, failed, or left to be taken over.',
    labels: ['outcome'],
  })
  const lost = counter(metrics, {
    name: 'slipway_executor_leases_lost_total',
    help: 'Runs that this executor had to leave because their lease ran out or somebody else had taken them.',
  })
  const renewals = counter(metrics, {
    name: 'slipway_executor_lease_renewals_failed_total',
    help: 'Renewals of leases that the database did not take.',
  })
  const errors = counter(metrics, {
    name: 'slipway_executor_device_errors_total',
    help: 'Trouble with routers and on the way to them, by code (docs/errors.md, Routers).',
    labels: ['code'],
  })
  const commands = counter(metrics, {
    name: 'slipway_executor_commands_total',
    help: 'Commands sent to routers: read, or what kind of change.',
    labels: ['kind'],
  })
  const bytes = counter(metrics, {
    name: 'slipway_executor_session_log_bytes_total',
    help: 'Bytes of terminal streams and captured outputs that went to session logs.',
  })
  return {
    begun: (start) => attempts.inc({ start }),
    ended: (outcome) => ended.inc({ outcome }),
    leaseLost: () => lost.inc(),
    renewalFailed: () => renewals.inc(),
    deviceFailed(error) {
      const code = deviceCodeOf(error)
      // What we gave up ourselves is no trouble of the device.
      if (code !== undefined && code !== 'DEVICE_ABORTED') errors.inc({ code })
    },
    commandSent: (kind) => commands.inc({ kind }),
    sessionLogged: (count) => bytes.inc(count),
  }
}

function addSlots(metrics: Metrics, { running, concurrency }: ExecutorMetricsOptions): void {
  liveGauge(metrics, { name: 'slipway_executor_runs_running', help: 'Runs under way here.' }, running)
  liveGauge(metrics, { name: 'slipway_executor_slots_free', help: 'Further runs that may be taken.' }, () =>
    Math.max(0, concurrency - running()),
  )
}

function deviceCodeOf(error: unknown): DeviceErrorCode | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return Object.hasOwn(deviceErrorMeanings, code) ? (code as DeviceErrorCode) : undefined
}
