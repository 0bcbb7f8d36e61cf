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
import { rideReload, untilNodesUp } from './reload.ts'
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
  const { report, device } = context
  report.status(`${kind === 'activate' ? 'Activate' : 'Deactivate'} Package(s) Pending`)
  const end = await install(context, kind, () => orderOf(context, kind))
  if (end === undefined) {
    report.warn(kind === 'activate' ? 'Nothing to be activated.' : 'Nothing to be deactivated.')
    return noChanges
  }
  if (end.reload || (await waitsForReload(context, kind, end))) await rideReload(context, end)
  else if (end.outagesBefore !== undefined && device.outages() > end.outagesBefore)
    await untilNodesUp(context)
  const software = await throughOutages(context, () => readSoftware(context))
  if (kind === 'activate') verify(context, end, software)
  const { before } = end.entry
  const packageChanges =
    kind === 'activate' ? appeared(before.active, software.active) : appeared(software.active, before.active)
  return { packageChanges }
}

async function orderOf(context: ActionContext, kind: Change): Promise<InstallOrder | undefined> {
  const { dialect, job, names, facts } = context
  const given = job.softwarePackages
  const software = await readSoftware(context)
  const answers = [{ when: RELOAD_ANSWER, send: 'yes' }]
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
 * An earlier attempt may have died between answering the router's question and writing that down. On 64-bit XR what
 * was activated is not active before the restart, so the lists tell.
 */
async function waitsForReload(context: ActionContext, kind: Change, end: InstallEnd): Promise<boolean> {
  const { dialect, names } = context
  if (dialect.osType !== 'eXR' || end.outagesBefore !== undefined || kind !== 'activate') return false
  const { inactive, active } = await throughOutages(context, () => readSoftware(context))
  return end.entry.before.targets.some(
    (target) => names.find(target, active).length === 0 && names.find(target, inactive).length > 0,
  )
}

/** A package that is still inactive after all was not activated, whatever the operation said. */
function verify(context: ActionContext, end: InstallEnd, software: Software): void {
  const { names, report } = context
  const notActive = end.entry.before.targets.filter(
    (target) => names.find(target, software.active).length === 0,
  )
  const inactive = notActive.filter((target) => names.find(target, software.inactive).length > 0)
  if (inactive.length > 0) {
    throw actionFailure(`The router does not run what was activated: ${inactive.join(', ')}.`, end.log)
  }
  if (notActive.length > 0) report.warn(`Not in the list of active packages: ${notActive.join(', ')}.`)
}
