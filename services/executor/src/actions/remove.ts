import { type ActionContext, type ActionResult, type ActionStep, noChanges } from './action.ts'
import { install } from './install.ts'
import { throughOutages } from './install-watch.ts'
import type { InstallOrder } from './operation-order.ts'
import { appeared, selectForRemove } from './selection.ts'
import { readSoftware } from './software.ts'

/** `Do you want to continue?`, `Proceed? [confirm]` */
const CONFIRM = /(?:\[confirm\]|\[yes\/no\]:?\s*(?:\[\w+\])?|\[y\/n\])\s*$/i

/** The step of a Remove job: inactive packages leave the router's disk. */
export const removeStep: ActionStep = {
  name: 'Install Remove Plugin',
  async run(context): Promise<ActionResult> {
    const { report } = context
    report.status('Remove Package(s) Pending')
    const end = await install(context, 'remove', () => order(context))
    if (end === undefined) return noChanges
    const software = await throughOutages(context, () => readSoftware(context))
    return { packageChanges: appeared(software.inactive, end.entry.before.inactive) }
  },
}

async function order(context: ActionContext): Promise<InstallOrder | undefined> {
  const { dialect, job, names, report } = context
  const software = await readSoftware(context)
  const { chosen, absent } = selectForRemove(job.softwarePackages, software, names)
  for (const name of absent) report.warn(`'${name}' is not on the router; nothing to be removed.`)
  if (chosen.length === 0) {
    report.warn('Packages already removed. Nothing to be removed')
    return undefined
  }
  const answers = [{ when: CONFIRM, send: 'yes' }]
  return { kind: 'remove', command: dialect.commands.remove(chosen), targets: chosen, software, answers }
}
