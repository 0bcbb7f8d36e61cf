import { type ActionContext, type ActionStep, noChanges } from './action.ts'
import { install } from './install.ts'
import type { InstallOrder } from './operation-order.ts'
import { readSoftware } from './software.ts'

/** The step of a Commit job: what runs now is what runs after every restart. */
export const commitStep: ActionStep = {
  name: 'Install Commit Plugin',
  async run(context) {
    context.report.status('Commit Package(s) Pending')
    await install(context, 'commit', () => order(context))
    return noChanges
  },
}

async function order(context: ActionContext): Promise<InstallOrder> {
  const software = await readSoftware(context)
  return { kind: 'commit', command: context.dialect.commands.commit, targets: [], software, answers: [] }
}
