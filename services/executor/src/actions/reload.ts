// Sees a router through the restart that an operation needs. The old software may answer for minutes after it said
// that it will restart, and a broken connection may be the network's, so a restart counts when the uptime dropped, or,
// where the uptime cannot tell, when another version runs or the connection broke.
// Then the router must let us in again, and all nodes must come up.
import { judgeNodes, parsePlatform } from '@slipway/router-session'
import { pauseRun } from '../runs/run-control.ts'
import type { ActionContext } from './action.ts'
import { actionFailure } from './failure.ts'
import { readThroughOutages, throughOutages } from './install-watch.ts'
import { type InstallEnd, isReached } from './operation-order.ts'
import { createPace } from './pace.ts'
import { readSoftware } from './software.ts'
import { readSystem, restartSince } from './uptime.ts'

/** Never matches: only the end of the session is waited for. */
const NOTHING = /(?!)/

/** Line cards restart: the session stays, and the cards are waited for once they had time to go down. */
export async function awaitCards(context: ActionContext): Promise<void> {
  const { control, times } = context
  await pauseRun(control, Math.min(times.pollMs, times.reloadHoldMs))
  await untilNodesUp(context)
}

/** Waits for the restart, the way back in, and all nodes. */
export async function rideReload(context: ActionContext, end: InstallEnd): Promise<void> {
  const { report, clock } = context
  const startedAt = clock.monotonicMs()
  report.status('Waiting for device boot to reconnect')
  await untilRestarted(context, end)
  await untilNodesUp(context)
  const seconds = Math.round((clock.monotonicMs() - startedAt) / 1_000)
  report.info(`Overall outage time: ${Math.floor(seconds / 60)} minute(s) ${seconds % 60} second(s)`)
}

async function untilRestarted(context: ActionContext, end: InstallEnd): Promise<void> {
  const { clock, control, device, report, times } = context
  const deadline = clock.monotonicMs() + times.reloadStartMs
  const pace = createPace(times.pollMs)
  for (;;) {
    const restarted = await hasRestarted(context, end)
    if (restarted === 'yes') return
    if (clock.monotonicMs() > deadline) {
      if (restarted === 'no' && end.reload !== 'unsure')
        throw actionFailure(notRestarted(times.reloadStartMs), end.log)
      report.warn('It was not seen that the router restarted.')
      return
    }
    await device.waitFor(NOTHING, pace())
    control.check()
  }
}

/** Uptime and version decide where they can tell; a lost connection alone may be the network's. */
async function hasRestarted(context: ActionContext, end: InstallEnd): Promise<'yes' | 'no' | 'unclear'> {
  const { clock, device } = context
  const { entry, outagesBefore } = end
  const system = await throughOutages(context, () => readSystem(context))
  const since = (clock.now().getTime() - new Date(entry.before.at).getTime()) / 1_000
  const told = restartSince(entry.before, system, since)
  if (told !== 'unclear') return told
  if (outagesBefore !== undefined) return device.outages() > outagesBefore ? 'yes' : 'unclear'
  return device.outages() > 0 || (await runsTargets(context, end)) ? 'yes' : 'unclear'
}

/** On 64-bit XR what was activated is active only after the restart. */
async function runsTargets(context: ActionContext, { entry }: InstallEnd): Promise<boolean> {
  if (context.dialect.osType !== 'eXR') return false
  const software = await throughOutages(context, () => readSoftware(context))
  return isReached('activate', entry.before, software, context.names)
}

function notRestarted(withinMs: number): string {
  const minutes = Math.round(withinMs / 60_000)
  return `The router announced a restart but did not restart within ${minutes} minutes.`
}

/** Polls the hardware table until every node is in a stable state. */
export async function untilNodesUp(context: ActionContext): Promise<void> {
  const { clock, control, dialect, report, times } = context
  report.status('Waiting for all nodes to come up')
  const deadline = clock.monotonicMs() + times.nodesMs
  const pace = createPace(times.pollMs)
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
    await pauseRun(control, pace())
  }
}
