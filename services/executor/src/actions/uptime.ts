// Whether a router has restarted since a moment: its uptime tells even when nobody saw the connection break, and where
// it cannot, the version that runs may.
import { parseShowVersion } from '@slipway/router-session'
import type { Baseline } from '../runs/journal-store.ts'
import type { ActionContext } from './action.ts'

/** Routers tell whole minutes, and their clocks drift a little. */
const SLACK_SECONDS = 90
/** With a shorter uptime before, a restart does not show in the uptime after. */
const TELLING_SECONDS = 150

/** What a version text says of the system that runs. */
export interface RunningSystem {
  /** Seconds since the router booted, by whole minutes; undefined if it does not tell. */
  readonly uptimeSeconds: number | undefined
  readonly version: string | undefined
}

export async function readSystem(context: ActionContext): Promise<RunningSystem> {
  const { device, dialect, times } = context
  return parseShowVersion((await device.read(dialect.commands.version, times.commandMs)).output)
}

/**
 * Whether a router has restarted since the baseline. `unclear`: it had only just booted before, or does not tell, and
 * runs the same version. @param since seconds since the baseline
 */
export function restartSince(
  before: Pick<Baseline, 'uptimeSeconds' | 'version'>,
  now: RunningSystem,
  since: number,
): 'yes' | 'no' | 'unclear' {
  const told = restartByUptime(before.uptimeSeconds, now.uptimeSeconds, since)
  if (told !== 'unclear' || before.version === undefined || now.version === undefined) return told
  return before.version === now.version ? 'unclear' : 'yes'
}

function restartByUptime(
  before: number | undefined,
  now: number | undefined,
  since: number,
): 'yes' | 'no' | 'unclear' {
  if (before === undefined || now === undefined) return 'unclear'
  if (now + SLACK_SECONDS < before + since) return 'yes'
  return before < TELLING_SECONDS ? 'unclear' : 'no'
}
