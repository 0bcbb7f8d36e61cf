// Activate and Deactivate: what the job names is found among the router's packages, changed in one operation, and
// seen through the restart if there is one. Afterwards the router must really run what was asked for.
import { isBundle } from '@slipway/router-session'
import type { MutationKind } from '../runs/journal-store.ts'
import { type ActionContext, type ActionResult, type ActionStep, noChanges } from './action.ts'
import { findAdd, recallAdd } from './add-memory.ts'
import { actionFailure } from './failure.ts'
import { install } from './install.ts'
import { throughOutages } from './install-watch.ts'
import type { InstallEnd, InstallOrder } from './operation-order.ts'
import { awaitCards, rideReload, untilNodesUp } from './reload.ts'
import {
  appeared,
  type Software,
  selectForActivate,
  selectForDeactivate,
  withoutDevice,
} from './selection.ts'
import { readSoftware } from './software.ts'

/** The step of an Activate job. */
export const activateStep: ActionStep = {
  name: 'Install Activate Plugin',
  run: (context) => change(context, 'activate'),
}

/** The step of a Deactivate job. */
export const deactivateStep: ActionStep = {
  name: 'Install Deactivate Plugin',
  run: (context) => change(context, 'deactivate'),
}

/** The question of an activation with its choice: `… will reload the sdr, continue?`, ` [yes/no]:[yes] `. */
const RELOAD_ANSWER =
  /will (?:reboot|reload) the (?:sdr|system),?\s*continue\s*\?\s*\[yes\/no\]:?\s*(?:\[\w+\])?\s*$/i

/** Classic XR answers longer lines with `Error: input buffer overflow`. */
const LONGEST_COMMAND = 1_000

type Change = Extract<MutationKind, 'activate' | 'deactivate'>

async function change(context: ActionContext, kind: Change): Promise<ActionResult> {
  const { report } = context
  report.status(`${kind === 'activate' ? 'Activate' : 'Deactivate'} Package(s) Pending`)
  const end = await install(context, kind, () => orderOf(context, kind))
  if (end === undefined) {
    report.warn(kind === 'activate' ? 'Nothing to be activated.' : 'Nothing to be deactivated.')
    return noChanges
  }
  await rideRestart(context, kind, end)
  const software = await throughOutages(context, () => readSoftware(context))
  verify(context, kind, end, software)
  const { before } = end.entry
  const packageChanges =
    kind === 'activate' ? appeared(before.active, software.active) : appeared(software.active, before.active)
  return { packageChanges }
}

async function rideRestart(context: ActionContext, kind: Change, end: InstallEnd): Promise<void> {
  if (end.reload === 'router' || end.reload === 'unsure') return rideReload(context, end)
  if (end.reload === 'cards') return awaitCards(context)
  if (await waitsForReload(context, kind, end)) return rideReload(context, end)
  const { outagesBefore } = end
  if (outagesBefore !== undefined && context.device.outages() > outagesBefore) await untilNodesUp(context)
}

async function orderOf(context: ActionContext, kind: Change): Promise<InstallOrder | undefined> {
  const { dialect, job, names, facts } = context
  const given = job.softwarePackages
  const software = await readSoftware(context)
  // Who cancels the job while the router asks gets a no.
  const send = () => (context.control.interrupted() === 'cancelled' ? 'no' : 'yes')
  const answers = [{ when: RELOAD_ANSWER, send }]
  const command = dialect.commands[kind]
  if (given.some(isBundle)) {
    const added = await recallAdd(context.memory, given, facts().hostname)
    const targets = added.packages
    return { kind, command: command(`id ${added.operationId}`), targets, software, answers }
  }
  const targets =
    kind === 'activate'
      ? selectForActivate(given, software, names)
      : selectForDeactivate(given, software, names)
  if (targets.length === 0) return undefined
  return { kind, command: await fitting(context, command, targets), targets, software, answers }
}

/** Names everything, or the operation that added exactly this if a router's line would overflow. */
async function fitting(
  context: ActionContext,
  command: (selection: string) => string,
  targets: readonly string[],
): Promise<string> {
  const named = command(targets.join(' '))
  if (named.length <= LONGEST_COMMAND) return named
  const added = await findAdd(context.memory, context.job.softwarePackages)
  const same = added !== undefined && sameSet(added.packages, targets.map(withoutDevice))
  return same ? command(`id ${added.operationId}`) : named
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join()
}

/**
 * The session may have broken, or an earlier attempt died, between answering the router's question and writing that
 * down. On 64-bit XR a change that needs a restart is not made before it, so the lists tell.
 */
async function waitsForReload(context: ActionContext, kind: Change, end: InstallEnd): Promise<boolean> {
  if (context.dialect.osType !== 'eXR') return false
  const software = await throughOutages(context, () => readSoftware(context))
  return unchanged(context, kind, end, software).length > 0
}

/** The targets that are still as before: inactive after an activation, active after a deactivation. */
function unchanged(context: ActionContext, kind: Change, end: InstallEnd, software: Software): string[] {
  const { names } = context
  const { active, inactive } = software
  return end.entry.before.targets.filter((target) => {
    const isActive = names.find(target, active).length > 0
    return kind === 'activate' ? !isActive && names.find(target, inactive).length > 0 : isActive
  })
}

/** What is still as before was not changed, whatever the operation said. */
function verify(context: ActionContext, kind: Change, end: InstallEnd, software: Software): void {
  const left = unchanged(context, kind, end, software)
  if (left.length === 0) return
  const what = kind === 'activate' ? 'does not run what was activated' : 'still runs what was deactivated'
  throw actionFailure(`The router ${what}: ${left.join(', ')}.`, end.log)
}
