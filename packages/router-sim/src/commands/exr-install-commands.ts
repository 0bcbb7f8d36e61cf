/** `install …` of eXR. Every line of an operation begins with the time. */
import { type ChangePlan, planActivation, planDeactivation, planRollback } from '../install/change-plan.ts'
import {
  busyText,
  COMMIT_FIRST,
  cannotRemoveLines,
  incompatibleLines,
  packageListLines,
  reloadQuestion,
  unknownLines,
} from '../install/exr-text.ts'
import type { InstallArguments } from '../install/install-arguments.ts'
import type { OperationWork } from '../install/install-engine.ts'
import type { Operation } from '../install/operation.ts'
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'
import { add } from './exr-add.ts'
import { begin, noImpact, proceed, refuse, say } from './exr-operation.ts'
import { installCommands } from './install-grammar.ts'
import { changeWork, inDialogue, resolvePackages } from './install-support.ts'

function named(args: InstallArguments): string {
  return args.id === undefined ? `pkg ${args.names.join(' ')}` : `id ${args.id}`
}

/** True after a system upgrade that has not been committed yet. */
function upgradeUncommitted({ router }: CommandContext): boolean {
  return !router.store.isCommitted(router.store.image().name)
}

async function activate(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { profile, store } = context.router
  const operation = begin(context, 'activate', `install activate ${named(args)}`)
  if (upgradeUncommitted(context)) return refuse(context, operation, [COMMIT_FIRST])
  const { packages, unknown } = resolvePackages(context, args.names, args.id)
  if (unknown.length > 0) return refuse(context, operation, unknownLines(unknown))
  const wanted = packages.filter((facts) => !store.isActive(facts.name))
  if (wanted.length === 0) return noImpact(context, operation, 'activate')
  operation.packages = wanted.map((facts) => facts.name)
  say(context, operation, packageListLines('Package list:', wanted))
  return change(context, operation, args, planActivation(profile.os, store.active(), wanted))
}

async function deactivate(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { store } = context.router
  const operation = begin(context, 'deactivate', `install deactivate ${named(args)}`)
  if (upgradeUncommitted(context)) return refuse(context, operation, [COMMIT_FIRST])
  const { packages, unknown } = resolvePackages(context, args.names, args.id)
  if (unknown.length > 0) return refuse(context, operation, unknownLines(unknown))
  const active = packages.filter((facts) => store.isActive(facts.name))
  if (active.length === 0) return noImpact(context, operation, 'deactivate')
  operation.packages = active.map((facts) => facts.name)
  say(context, operation, packageListLines('Package list:', active))
  return change(context, operation, args, planDeactivation(store.active(), active))
}

async function rollback(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { store } = context.router
  const operation = begin(context, 'rollback', 'install rollback to committed')
  const plan = planRollback(store.active(), store.committed())
  if (plan.steps.length === 0) return noImpact(context, operation, 'activate')
  return change(context, operation, args, plan)
}

async function change(
  context: CommandContext,
  operation: Operation,
  args: InstallArguments,
  plan: ChangePlan,
): Promise<undefined> {
  if (plan.unmet.length > 0) return refuse(context, operation, incompatibleLines(plan.unmet))
  operation.plan = plan
  if (plan.dropped.length > 0) {
    const heading = 'WARNING! The following packages of another release will be deactivated:'
    say(context, operation, packageListLines(heading, plan.dropped))
  }
  if (plan.reload && !args.noPrompt) {
    const agreed = await inDialogue(context, operation, () => askReload(context))
    if (!agreed) return refuse(context, operation, ['Install operation cancelled by the user'])
  }
  return proceed(context, operation, changeWork(context, plan, []))
}

/** Enter means yes; other words than yes and no are asked again. */
async function askReload(context: CommandContext): Promise<boolean> {
  for (;;) {
    const answer = await context.ask(reloadQuestion(context.router.profile.reloadScope))
    if (answer === undefined || /^no?$/i.test(answer.trim())) return false
    if (/^(?:y(?:es?)?)?$/i.test(answer.trim())) return true
  }
}

async function commit(context: CommandContext): Promise<undefined> {
  const { store } = context.router
  const operation = begin(context, 'commit', 'install commit')
  return proceed(context, operation, () => Promise.resolve({ ok: true, apply: store.commit }))
}

async function remove(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { store } = context.router
  const what = args.inactive ? 'inactive all' : args.names.join(' ')
  const operation = begin(context, 'remove', `install remove ${what}`)
  const { packages, unknown } = args.inactive
    ? { packages: store.inactive(), unknown: [] }
    : resolvePackages(context, args.names, args.id)
  if (unknown.length > 0) return refuse(context, operation, unknownLines(unknown))
  const used = packages.filter((facts) => store.isActive(facts.name) || store.isCommitted(facts.name))
  const free = packages.filter((facts) => !used.includes(facts))
  if (!args.inactive && used.length === 0) say(context, operation, packageListLines('Package list:', free))
  operation.packages = free.map((facts) => facts.name)
  // The real router finds out in the background, so the operation starts even when nothing can be removed.
  const names = args.inactive ? [] : used.map((facts) => facts.name)
  const impossible = free.length === 0 || names.length > 0
  const work: OperationWork = () =>
    Promise.resolve(
      impossible
        ? { ok: false, errors: cannotRemoveLines(names) }
        : {
            ok: true,
            apply: () => store.remove(operation.packages),
            lines: packageListLines('Packages removed:', free),
          },
    )
  return proceed(context, operation, work)
}

/** The session that started the operation is told its end. */
function abort(context: CommandContext): string | undefined {
  const id = context.args.find(({ text }) => /^\d+$/.test(text))?.text
  const aborted = context.router.engine.abort(
    id === undefined ? undefined : Number(id),
    'Abort requested by the user',
  )
  return aborted ? undefined : 'No install operation in progress'
}

/** XR plane of eXR. */
export const EXR_INSTALL_COMMANDS: readonly Command[] = installCommands({
  add,
  activate,
  deactivate,
  commit,
  remove,
  rollback,
  abort,
  busy: ({ router }) => busyText(router.engine.current()),
})

/** What an eXR operation says when a fault makes it fail half-way. */
export function exrFaultLines(node: string): string[] {
  return [`ERROR! Install operation failed on node ${node}`]
}
