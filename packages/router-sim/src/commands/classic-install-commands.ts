/** `install …` of classic IOS XR (also as `admin install …`). */
import { FAULT_KINDS } from '../faults.ts'
import { maskUrl, parseRepositoryUrl, type RepositoryUrl } from '../fetch/repository-url.ts'
import { type ChangePlan, planActivation, planDeactivation, planRollback } from '../install/change-plan.ts'
import {
  addedLines,
  alreadyActiveLines,
  busyLines,
  changedLines,
  classicError,
  corruptLines,
  diskFullLines,
  endedLine,
  fetchFailureLines,
  incompatibleLines,
  methodLines,
  notActiveLines,
  nothingToRemoveLines,
  onDisk,
  reloadNodesLines,
  removalLines,
  startedLine,
  unknownLines,
  wrongPlatformLines,
} from '../install/classic-text.ts'
import { type AddProblem, checkPackages, openRepository, readPackages } from '../install/fetch-packages.ts'
import { type InstallArguments, readInstallArguments } from '../install/install-arguments.ts'
import { type OperationWork, pause } from '../install/install-engine.ts'
import type { Operation, OperationKind, Outcome } from '../install/operation.ts'
import type { CommandContext } from './command-context.ts'
import type { Command, CommandHandler } from './command-tree.ts'
import { changeWork, inDialogue, isBusy, resolvePackages, runInBackground } from './install-support.ts'

const ASYNC = 'The install operation will continue asynchronously.'
const NO_ABORT = 'The operation can no longer be aborted (ctrl-c for options)'
/** How often the progress line of a synchronous operation is renewed. */
const SPIN_MS = 100

type Action = (context: CommandContext, args: InstallArguments) => Promise<string | undefined>

/** Reads the arguments and refuses while another operation runs. */
function guarded(action: Action, usable: (args: InstallArguments) => boolean): CommandHandler {
  return async (context) => {
    const read = readInstallArguments(context.args)
    if ('wrong' in read) return context.invalid(read.wrong)
    if (!usable(read.args)) return context.invalid()
    if (isBusy(context)) {
      context.printLines(busyLines())
      return undefined
    }
    return action(context, read.args)
  }
}

function suffix(args: InstallArguments): string {
  const level = args.noPrompt ? ' prompt-level none' : ''
  const parallel = args.parallelReload ? ' parallel-reload' : ''
  const mode = args.synchronous === undefined ? '' : args.synchronous ? ' synchronous' : ' asynchronous'
  return `${level}${parallel}${mode}`
}

function begin(context: CommandContext, kind: OperationKind, text: string): Operation {
  const operation = context.router.engine.open(kind, text, context.session.user)
  context.printLines([startedLine(operation)])
  return operation
}

function refuse(context: CommandContext, operation: Operation, lines: readonly string[]): undefined {
  context.router.engine.refuse(operation, lines)
  context.printLines([...lines, endedLine(operation)])
  return undefined
}

/** Goes on in the background, or waits when the operation is synchronous. */
async function proceed(
  context: CommandContext,
  operation: Operation,
  work: OperationWork,
  synchronous: boolean,
): Promise<undefined> {
  const printed = operation.lines.length
  const lastWords = () => [...operation.lines.slice(printed).map(({ text }) => text), endedLine(operation)]
  if (!synchronous) {
    context.printLines([ASYNC])
    runInBackground(context, operation, work, lastWords)
    return undefined
  }
  const running = context.router.engine.run(operation, context.line, work)
  await showProgress(context, operation)
  await running
  context.printLines(lastWords())
  return undefined
}

async function showProgress(context: CommandContext, operation: Operation): Promise<void> {
  const { engine } = context.router
  for (let turn = 0; operation.state === 'running' && !context.session.signal.aborted; turn += 1) {
    context.print(`${'/-\\|'.charAt(turn % 4)} ${engine.percent()}% complete: ${NO_ABORT}\r`)
    await pause(Math.min(SPIN_MS, context.router.timing.operationMs), context.session.signal)
  }
  context.print(`\\ 100% complete: ${NO_ABORT}\r\n`)
}

async function add(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const source = args.source ?? ''
  const shown = `install add source /${maskUrl(source).replace(/^\//, '')} ${args.names.join(' ')}${suffix(args)}`
  const url = parseRepositoryUrl(source)
  const operation = begin(context, 'add', shown)
  if (url === undefined || context.router.fetchers[url.scheme] === undefined) {
    const pie = `/${source.replace(/^\//, '')}${source.endsWith(':') || source === '' ? '/' : ''}${args.names[0] ?? ''}`
    return refuse(context, operation, fetchFailureLines('not-found', maskUrl(pie)))
  }
  const password =
    url.password ?? (await inDialogue(context, operation, () => context.ask('Password: ', false)))
  return proceed(context, operation, addWork(context, args, url, password ?? ''), args.synchronous === true)
}

function addWork(
  context: CommandContext,
  args: InstallArguments,
  url: RepositoryUrl,
  password: string,
): OperationWork {
  const { router, line } = context
  const pieOf = (file: string) =>
    `/${maskUrl(args.source ?? '')
      .replace(/^\//, '')
      .replace(/\/$/, '')}/${file}`
  return async (operation, _log, signal): Promise<Outcome> => {
    const fail = (problem: AddProblem): Outcome => ({
      ok: false,
      errors: problemLines(context, problem, pieOf),
    })
    const fetcher = router.fetchers[url.scheme]
    const [first = ''] = args.names
    if (fetcher === undefined) return fail({ kind: 'fetch', failure: 'not-found', file: first })
    const opened = await openRepository(fetcher, url, { user: url.user ?? '', password }, signal)
    if (typeof opened === 'string') return fail({ kind: 'fetch', failure: opened, file: first })
    const read = await readPackages(opened, args.names, (bytes) => {
      operation.downloadedBytes = bytes
    }).finally(() => opened.close())
    if (!read.ok) return fail(read.problem)
    const checked = checkPackages(
      router,
      read.packages,
      router.faults.take(FAULT_KINDS.diskFull, line) !== undefined,
    )
    if (!checked.ok) return fail(checked.problem)
    operation.packages = checked.packages.map((facts) => facts.name)
    const fresh = checked.packages.filter((facts) => router.store.find(facts.name) === undefined)
    const already = checked.packages.filter((facts) => !fresh.includes(facts))
    return { ok: true, apply: () => void router.store.add(fresh), lines: addedLines(fresh, already) }
  }
}

function problemLines(
  context: CommandContext,
  problem: AddProblem,
  pieOf: (file: string) => string,
): string[] {
  switch (problem.kind) {
    case 'fetch':
      return fetchFailureLines(problem.failure, pieOf(problem.file))
    case 'corrupt':
      return corruptLines(pieOf(problem.file))
    case 'platform':
      return wrongPlatformLines(pieOf(problem.file), problem.platform)
    case 'disk':
      return diskFullLines(context.router.profile.activeNode, problem.required, problem.available)
  }
}

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

const hasPackages = (args: InstallArguments) => args.names.length > 0 || args.id !== undefined

/** Both planes of classic IOS XR. */
export const CLASSIC_INSTALL_COMMANDS: readonly Command[] = [
  { words: 'install add', args: true, run: guarded(add, (args) => args.names.length > 0) },
  { words: 'install activate', args: true, run: guarded(activate, hasPackages) },
  { words: 'install deactivate', args: true, run: guarded(deactivate, hasPackages) },
  { words: 'install commit', args: true, run: guarded(commit, (args) => args.names.length === 0) },
  { words: 'install remove', args: true, run: guarded(remove, (args) => args.inactive || hasPackages(args)) },
  {
    words: 'install rollback to committed',
    args: true,
    run: guarded(rollback, (args) => args.names.length === 0),
  },
  { words: 'install operation', args: true, run: abort },
  { words: 'install abort', args: true, run: abort },
]

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
