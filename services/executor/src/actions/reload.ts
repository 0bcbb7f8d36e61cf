// Sees a router through the restart that an operation needs. The old software may answer for minutes after it said
// that it will restart, so a restart counts only when it was seen: the connection broke, or the uptime dropped.
// Then the router must let us in again, and all nodes must come up.
import { judgeNodes, parsePlatform } from '@slipway/router-session'
import { isSessionLost } from '../device/device.ts'
import { pauseRun } from '../runs/run-control.ts'
import type { ActionContext } from './action.ts'
import { actionFailure } from './failure.ts'
import { readThroughOutages } from './install-watch.ts'
import type { InstallEnd } from './operation-order.ts'
import { hasRestarted, readUptime } from './uptime.ts'

/** Never matches: only the end of the session is waited for. */
const NOTHING = /(?!)/

/** Waits for the restart, the way back in, and all nodes. */
export async function rideReload(context: ActionContext, end: InstallEnd): Promise<void> {
  const { report, clock, device, times } = context
  const startedAt = clock.monotonicMs()
  report.status('Waiting for device boot to reconnect')
  await untilRestarted(context, end)
  if (!device.connected()) await device.reconnect(times.reloadMs)
  await untilNodesUp(context)
  const seconds = Math.round((clock.monotonicMs() - startedAt) / 1_000)
  report.info(`Overall outage time: ${Math.floor(seconds / 60)} minute(s) ${seconds % 60} second(s)`)
}

async function untilRestarted(context: ActionContext, end: InstallEnd): Promise<void> {
  const { clock, control, device, times } = context
  const deadline = clock.monotonicMs() + times.reloadStartMs
  for (;;) {
    if (end.outagesBefore !== undefined && device.outages() > end.outagesBefore) return
    if (!device.connected()) return
    if (await restartedUnseen(context, end)) return
    if (!device.connected()) return
    if (clock.monotonicMs() > deadline) {
      const minutes = Math.round(times.reloadStartMs / 60_000)
      throw actionFailure(
        `The router announced a restart but did not restart within ${minutes} minutes.`,
        end.log,
      )
    }
    await device.waitFor(NOTHING, times.pollMs)
    control.check()
  }
}

/** Asks the uptime; a router that does not answer any more is restarting. */
async function restartedUnseen(context: ActionContext, end: InstallEnd): Promise<boolean> {
  try {
    const since = (context.clock.now().getTime() - end.entry.writtenAt.getTime()) / 1_000
    return hasRestarted(end.entry.before, await readUptime(context), since)
  } catch (error) {
    if (!isSessionLost(error)) throw error
    return true
  }
}

/** Polls the hardware table until every node is in a stable state. */
export async function untilNodesUp(context: ActionContext): Promise<void> {
  const { clock, control, dialect, report, times } = context
  report.status('Waiting for all nodes to come up')
  const deadline = clock.monotonicMs() + times.nodesMs
  for (;;) {
    const output = await readThroughOutages(context, dialect.commands.platform)
    const { ok, bad } = judgeNodes(parsePlatform(output), dialect.osType)
    if (ok) {
      report.info('All nodes in operational state')
      return
    }
    if (clock.monotonicMs() > deadline)
      throw actionFailure(
        `Not all nodes have come up: ${bad.map(({ node, state }) => `${node} (${state})`).join(', ')}`,
        output,
      )
    await pauseRun(control, times.pollMs)
  }
}
