// Whether a router has restarted since a moment: its uptime tells even when nobody saw the connection break.
import { parseShowVersion } from '@slipway/router-session'
import type { Baseline } from '../runs/journal-store.ts'
import type { ActionContext } from './action.ts'

/** Routers tell whole minutes, and their clocks drift a little. */
const SLACK_SECONDS = 90
/** With a shorter uptime before, a restart does not show in the uptime after. */
const TELLING_SECONDS = 150

/** Seconds since the router booted, by whole minutes; undefined if it does not tell. */
export async function readUptime(context: ActionContext): Promise<number | undefined> {
  const { device, dialect, times } = context
  return parseShowVersion((await device.read(dialect.commands.version, times.commandMs)).output).uptimeSeconds
}

/**
 * Whether a router has restarted since the baseline, by its uptime. `unclear`: it had only just booted before, or does
 * not tell. @param since seconds since the baseline
 */
export function restartByUptime(
  before: Pick<Baseline, 'uptimeSeconds'>,
  now: number | undefined,
  since: number,
): 'yes' | 'no' | 'unclear' {
  if (before.uptimeSeconds === undefined || now === undefined) return 'unclear'
  if (now + SLACK_SECONDS < before.uptimeSeconds + since) return 'yes'
  return before.uptimeSeconds < TELLING_SECONDS ? 'unclear' : 'no'
}
