/** `install …` of eXR. Every line of an operation begins with the time. */
import { exrInstallTime } from '../device-time.ts'
import { FAULT_KINDS } from '../faults.ts'
import type { FetchSession } from '../fetch/fetcher.ts'
import { probe } from '../fetch/probe.ts'
import { maskUrl, parseRepositoryUrl, type RepositoryUrl } from '../fetch/repository-url.ts'
import { type ChangePlan, planActivation, planDeactivation, planRollback } from '../install/change-plan.ts'
import {
  busyText,
  COMMIT_FIRST,
  cannotRemoveLines,
  corruptLines,
  diskFullLines,
  endedText,
  fetchFailureLines,
  IN_BACKGROUND,
  incompatibleLines,
  noImpactText,
  packageListLines,
  reloadQuestion,
  startedLines,
  unknownLines,
  wrongPlatformLines,
} from '../install/exr-text.ts'
import { type AddProblem, checkPackages, openRepository, readPackages } from '../install/fetch-packages.ts'
import { type InstallArguments, readInstallArguments } from '../install/install-arguments.ts'
import type { OperationWork } from '../install/install-engine.ts'
import type { Operation, OperationKind, Outcome } from '../install/operation.ts'
import type { CommandContext } from './command-context.ts'
import type { Command, CommandHandler } from './command-tree.ts'
import { changeWork, inDialogue, isBusy, resolvePackages, runInBackground } from './install-support.ts'

/** Password tries of the SFTP client on the router. */
const PASSWORD_TRIES = 3

type Action = (context: CommandContext, args: InstallArguments) => Promise<string | undefined>

function guarded(action: Action, usable: (args: InstallArguments) => boolean): CommandHandler {
  return async (context) => {
    const read = readInstallArguments(context.args)
    if ('wrong' in read) return context.invalid(read.wrong)
    if (!usable(read.args)) return context.invalid()
    if (isBusy(context)) return busyText(context.router.engine.current())
    return action(context, read.args)
  }
}

function begin(context: CommandContext, kind: OperationKind, text: string): Operation {
  const operation = context.router.engine.open(kind, text, context.session.user)
  context.print(`${startedLines(operation).join('\n')}\n`)
  return operation
}

/** Prints lines with the time and keeps them in the log. */
function say(context: CommandContext, operation: Operation, lines: readonly string[]): void {
  const at = context.router.now()
  operation.lines.push(...lines.map((text) => ({ at, text })))
  context.print(lines.map((line) => `${exrInstallTime(at)} ${line}\n`).join(''))
}

function stamped(operation: Operation): string {
  return `${exrInstallTime(operation.finishedAt ?? operation.startedAt)} ${endedText(operation)}`
}

function refuse(context: CommandContext, operation: Operation, lines: readonly string[]): undefined {
  say(context, operation, lines)
  context.router.engine.refuse(operation, [], 'aborted')
  context.print(`${stamped(operation)}\n`)
  return undefined
}

/** Nothing to change: the operation succeeds at once. */
function noImpact(context: CommandContext, operation: Operation, kind: 'activate' | 'deactivate'): undefined {
  say(context, operation, [noImpactText(kind)])
  context.router.engine.refuse(operation, [], 'succeeded')
  context.print(`${stamped(operation)}\n`)
  return undefined
}

function proceed(context: CommandContext, operation: Operation, work: OperationWork): undefined {
  say(context, operation, [IN_BACKGROUND])
  const printed = operation.lines.length
  runInBackground(context, operation, work, () => {
    const news = operation.lines
      .slice(printed)
      .filter(({ text }) => /^(?:ERROR|Error|It is a NO IMPACT)/.test(text))
    return [...news.map(({ at, text }) => `${exrInstallTime(at)} ${text}`), stamped(operation)]
  })
  return undefined
}

async function add(context: CommandContext, args: InstallArguments): Promise<undefined> {
  const source = args.source ?? ''
  const operation = begin(context, 'add', `install add source ${maskUrl(source)} ${args.names.join(' ')}`)
  const url = parseRepositoryUrl(source)
  const [first = ''] = args.names
  if (url === undefined || context.router.fetchers[url.scheme] === undefined) {
    return refuse(context, operation, fetchFailureLines('not-found', first))
  }
  const reached = await inDialogue(context, operation, () => probe(url, context.session.signal))
  if (reached !== undefined) return refuse(context, operation, fetchFailureLines(reached, first))
  const opened = await inDialogue(context, operation, () => logIn(context, url))
  if (typeof opened === 'string') return refuse(context, operation, fetchFailureLines(opened, first))
  return proceed(context, operation, addWork(context, args, opened))
}

/** Asks for the password as the router's SFTP client does: three tries, and no newline after what was typed. */
async function logIn(
  context: CommandContext,
  url: RepositoryUrl,
): Promise<FetchSession | 'denied' | 'failed'> {
  const fetcher = context.router.fetchers[url.scheme]
  if (fetcher === undefined) return 'failed'
  const user = url.user ?? context.session.user
  for (let tries = 0; tries < PASSWORD_TRIES; tries += 1) {
    const password = await context.ask(`${user}@${url.host}'s password:`, false, false)
    if (password === undefined) return 'failed'
    // Not tied to the session: the operation goes on in the background when the session ends.
    const opened = await openRepository(fetcher, url, { user, password }, new AbortController().signal)
    if (typeof opened !== 'string') return opened
    if (opened !== 'denied') return 'failed'
    context.print('\nPermission denied, please try again.\n')
  }
  return 'denied'
}

function addWork(context: CommandContext, args: InstallArguments, opened: FetchSession): OperationWork {
  const { router, line } = context
  return async (operation, log, signal): Promise<Outcome> => {
    signal.addEventListener('abort', opened.close, { once: true })
    const read = await readPackages(opened, args.names, (bytes) => {
      operation.downloadedBytes = bytes
    }).finally(() => opened.close())
    const full = router.faults.take(FAULT_KINDS.diskFull, line) !== undefined
    const checked = read.ok ? checkPackages(router, read.packages, full) : read
    if (!checked.ok) return { ok: false, errors: problemLines(checked.problem) }
    operation.packages = checked.packages.map((facts) => facts.name)
    const fresh = checked.packages.filter((facts) => router.store.find(facts.name) === undefined)
    if (fresh.length === 0) log(noImpactText('add'))
    const lines = fresh.length === 0 ? [] : packageListLines('Packages added:', fresh)
    return { ok: true, apply: () => void router.store.add(fresh), lines }
  }
}

function problemLines(problem: AddProblem): string[] {
  switch (problem.kind) {
    case 'fetch':
      return fetchFailureLines(problem.failure, problem.file)
    case 'corrupt':
      return corruptLines(problem.file)
    case 'platform':
      return wrongPlatformLines(problem.file, problem.platform)
    case 'disk':
      return diskFullLines()
  }
}

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

const hasPackages = (args: InstallArguments) => args.names.length > 0 || args.id !== undefined

/** XR plane of eXR. */
export const EXR_INSTALL_COMMANDS: readonly Command[] = [
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

/** What an eXR operation says when a fault makes it fail half-way. */
export function exrFaultLines(node: string): string[] {
  return [`ERROR! Install operation failed on node ${node}`]
}
