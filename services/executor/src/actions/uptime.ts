// Whether a router has restarted since a moment: its uptime tells even when nobody saw the connection break.
import { parseShowVersion } from '@slipway/router-session'
import type { Baseline } from '../runs/journal-store.ts'
import type { ActionContext } from './action.ts'

/** Routers tell whole minutes, and their clocks drift a little. */
const SLACK_SECONDS = 90

/** Seconds since the router booted, by whole minutes; undefined if it does not tell. */
export async function readUptime(context: ActionContext): Promise<number | undefined> {
  const { device, dialect, times } = context
  return parseShowVersion((await device.read(dialect.commands.version, times.commandMs)).output).uptimeSeconds
}

/** True if the uptime now is shorter than it would be without a restart. @param since seconds since the baseline */
export function hasRestarted(
  before: Pick<Baseline, 'uptimeSeconds'>,
  now: number | undefined,
  since: number,
): boolean {
  if (before.uptimeSeconds === undefined || now === undefined) return false
  return now + SLACK_SECONDS < before.uptimeSeconds + since
}
