/** `install …` of classic IOS XR (also as `admin install …`). */
import { type ChangePlan, planActivation, planDeactivation, planRollback } from '../install/change-plan.ts'
import {
  alreadyActiveLines,
  busyLines,
  changedLines,
  classicError,
  incompatibleLines,
  methodLines,
  notActiveLines,
  nothingToRemoveLines,
  onDisk,
  reloadNodesLines,
  removalLines,
  unknownLines,
} from '../install/classic-text.ts'
import type { InstallArguments } from '../install/install-arguments.ts'
import type { OperationWork } from '../install/install-engine.ts'
import type { Operation } from '../install/operation.ts'
import { add } from './classic-add.ts'
import { begin, proceed, refuse, suffix } from './classic-operation.ts'
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'
import { installCommands } from './install-grammar.ts'
import { changeWork, inDialogue, resolvePackages } from './install-support.ts'

function named(args: InstallArguments): string {
  return args.id === undefined ? args.names.join(' ') : `id ${args.id}`
}

async function activate(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { profile, store } = context.router
  const operation = begin(context, 'activate', `install activate ${named(args)}${suffix(args)}`)
  const { packages, unknown } = resolvePackages(context, args.names, args.id)
  if (unknown.length > 0) return refuse(context, operation, unknownLines('activation', unknown))
  const wanted = packages.filter((facts) => !store.isActive(facts.name))
  if (wanted.length === 0) {
    return refuse(context, operation, alreadyActiveLines(packages.map((facts) => facts.name)))
  }
  operation.packages = wanted.map((facts) => facts.name)
  return change(context, operation, args, 'activation', planActivation(profile.os, store.active(), wanted))
}

async function deactivate(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { store } = context.router
  const operation = begin(context, 'deactivate', `install deactivate ${named(args)}${suffix(args)}`)
  const { packages, unknown } = resolvePackages(context, args.names, args.id)
  if (unknown.length > 0) return refuse(context, operation, unknownLines('deactivation', unknown))
  const idle = packages.filter((facts) => !store.isActive(facts.name)).map((facts) => facts.name)
  if (idle.length > 0) return refuse(context, operation, notActiveLines(idle))
  operation.packages = packages.map((facts) => facts.name)
  return change(context, operation, args, 'deactivation', planDeactivation(store.active(), packages))
}

async function rollback(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { store } = context.router
  const operation = begin(context, 'rollback', `install rollback to committed${suffix(args)}`)
  const plan = planRollback(store.active(), store.committed())
  if (plan.steps.length === 0) {
    const words = classicError(
      ['Cannot proceed with the rollback as the active software is the committed software.'],
      [],
    )
    return refuse(context, operation, words)
  }
  return change(context, operation, args, 'rollback', plan)
}

/** What all changes of the active software have in common. */
async function change(
  context: CommandContext,
  operation: Operation,
  args: InstallArguments,
  noun: string,
  plan: ChangePlan,
): Promise<undefined> {
  if (plan.unmet.length > 0) return refuse(context, operation, incompatibleLines(noun, plan.unmet))
  operation.plan = plan
  const nodes = plan.reload ? reloadNodesLines(context.router.profile) : []
  const none = args.noPrompt ? ["'prompt-level none' specified. Proceeding with operation."] : []
  say(context, operation, [...methodLines(plan), ...none, ...nodes])
  if (plan.reload && !args.noPrompt) {
    const key = await inDialogue(context, operation, () =>
      context.askKey('Proceed with this install operation (y/n)? [y] '),
    )
    context.print('\n')
    if (key === 'n' || key === 'N' || key === '\x03') {
      return refuse(context, operation, classicError(['The operation has been aborted by the user.'], []))
    }
  }
  return proceed(context, operation, changeWork(context, plan, changedLines()), args.synchronous === true)
}

/** Prints lines and keeps them in the operation's log. */
function say(context: CommandContext, operation: Operation, lines: readonly string[]): void {
  const at = context.router.now()
  operation.lines.push(...lines.map((text) => ({ at, text })))
  context.printLines(lines)
}

async function commit(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { store } = context.router
  const operation = begin(context, 'commit', `install commit${suffix(args)}`)
  const work: OperationWork = () => Promise.resolve({ ok: true, apply: store.commit })
  return proceed(context, operation, work, args.synchronous !== false)
}

async function remove(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const { store } = context.router
  const what = args.inactive ? 'inactive' : args.names.join(' ')
  const operation = begin(context, 'remove', `install remove ${what}${suffix(args)}`)
  const { packages, unknown } = args.inactive
    ? { packages: store.inactive(), unknown: [] }
    : resolvePackages(context, args.names, args.id)
  if (unknown.length > 0) return refuse(context, operation, unknownLines('remove operation', unknown))
  const free = packages.filter((facts) => !store.isActive(facts.name) && !store.isCommitted(facts.name))
  if (free.length === 0) return refuse(context, operation, nothingToRemoveLines())
  operation.packages = free.map((facts) => facts.name)
  say(context, operation, removalLines(free))
  if (!args.noPrompt) {
    const key = await inDialogue(context, operation, () =>
      context.askKey('Proceed with removing these packages? [confirm]'),
    )
    context.print('\n')
    if (!['y', 'Y', '\n'].includes(key)) {
      return refuse(context, operation, classicError(['The operation has been aborted by the user.'], []))
    }
  }
  const work: OperationWork = () =>
    Promise.resolve({ ok: true, apply: () => store.remove(operation.packages) })
  return proceed(context, operation, work, args.synchronous === true)
}

/** `install operation 12 stop`, `install abort 12`; the session that started the operation is told its end. */
function abort(context: CommandContext): string | undefined {
  const id = context.args.find(({ text }) => /^\d+$/.test(text))?.text
  const reason = classicError(['The operation has been aborted by the user.'], []).join('\n')
  const aborted = context.router.engine.abort(id === undefined ? undefined : Number(id), reason)
  return aborted ? undefined : 'There are no install requests in operation.'
}

/** Both planes of classic IOS XR. */
export const CLASSIC_INSTALL_COMMANDS: readonly Command[] = installCommands({
  add,
  activate,
  deactivate,
  commit,
  remove,
  rollback,
  abort,
  busy: ({ printLines }) => {
    printLines(busyLines())
    return undefined
  },
})

/** What a classic operation says when a fault makes it fail half-way. */
export function classicFaultLines(node: string): string[] {
  return classicError(
    [
      `Cannot proceed with the install operation because node ${node} reported a failure during the load phase.`,
    ],
    [
      "check the install log with '(admin) show install log'.",
      `retry the operation; packages are on ${onDisk('')}`,
    ],
  )
}
