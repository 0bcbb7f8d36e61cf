// The work of one attempt at a router: log in, find out what it is, run the action's checks and step, look at it
// again. Knows nothing of leases and results.
import type { Discovery } from '@slipway/contracts'
import type { DeviceFacts } from '@slipway/router-session'
import type { ActionContext, ActionResult } from '../actions/action.ts'
import { noChanges } from '../actions/action.ts'
import { actionFailure } from '../actions/failure.ts'
import type { ActionPlan } from '../actions/plan.ts'
import { platformFor } from '../actions/platforms.ts'
import type { Device } from '../device/device.ts'
import { discover, hostFacts } from '../hosts/discovery.ts'
import type { JournalEntry } from './journal-store.ts'
import { isRunInterrupted } from './run-control.ts'

export interface Work extends Omit<ActionContext, 'dialect' | 'device' | 'facts'> {
  readonly device: Device
}

export interface WorkDone {
  readonly packageChanges: readonly string[]
  readonly statusMessage: string
}

/** What the work learned of the router on its way, also if it failed. */
export interface Learned {
  discovery?: Discovery
  observedAt?: Date
}

/** Does the work. @param learned is filled as the router tells; it stands even if this throws */
export async function doWork(work: Work, learned: Learned): Promise<WorkDone> {
  const { device, report, journal, times } = work
  const sent = (await journal.entries()).filter((entry) => entry.outcome !== 'not-sent')
  report.status('Connecting to device')
  // A router that something was sent to may be restarting because of it.
  const facts = sent.length > 0 ? await device.reconnect(times.reloadMs) : await device.connect()
  describe(work, facts)
  remember(work, learned, { facts: hostFacts(facts) })
  const { dialect, plans } = platformFor(facts.osType)
  const context: ActionContext = { ...work, dialect, facts: device.facts }
  if (work.job.kind === 'inventory') {
    report.status('Retrieving packages and inventory')
    remember(work, learned, await discover(context, device.facts()))
    return { packageChanges: [], statusMessage: 'Discovered' }
  }
  const { action } = work.job
  if (action === undefined) throw actionFailure('The job has no install action.')
  return runPlan(context, plans[action], sent, learned)
}

async function runPlan(
  context: ActionContext,
  plan: ActionPlan,
  sent: readonly JournalEntry[],
  learned: Learned,
): Promise<WorkDone> {
  const { report, control } = context
  let result: ActionResult = noChanges
  try {
    // What was checked before a command was sent is not asked again after it: nodes may be restarting.
    for (const check of sent.length > 0 ? [] : plan.checks) {
      control.check()
      report.step(check.name)
      await check.run(context)
    }
    if (plan.step !== undefined) {
      control.check()
      report.step(plan.step.name)
      result = await plan.step.run(context)
    }
  } catch (error) {
    if (!isRunInterrupted(error) && context.device.connected()) await refresh(context, plan, learned)
    throw error
  }
  await refresh(context, plan, learned)
  return { packageChanges: result.packageChanges, statusMessage: 'Completed' }
}

/** Reads anew what the action may have changed. Trouble with it does not change how the action ended. */
export async function refresh(context: ActionContext, plan: ActionPlan, learned: Learned): Promise<void> {
  if (plan.refresh === 'nothing') return
  const { device, report, control } = context
  report.status('Refreshing package and inventory information')
  try {
    const facts = plan.refresh === 'facts-and-packages' ? await device.discover() : device.facts()
    remember(context, learned, await discover(context, facts))
  } catch (error) {
    control.check()
    report.warn(`Packages and inventory could not be read: ${error instanceof Error ? error.message : ''}`)
  }
}

function remember({ clock }: Pick<Work, 'clock'>, learned: Learned, discovery: Discovery): void {
  learned.discovery = discovery
  learned.observedAt = clock.now()
}

function describe({ report }: Pick<Work, 'report'>, facts: DeviceFacts): void {
  report.info(`Hostname: ${facts.hostname}`)
  report.info(`Hardware family: ${facts.family}`)
  report.info(`Hardware platform: ${facts.chassis}`)
  report.info(`OS type: ${facts.osType}`)
  report.info(`Version: ${facts.version}`)
  report.info(`Connection type: ${facts.console === true ? 'console' : 'vty'}`)
}
