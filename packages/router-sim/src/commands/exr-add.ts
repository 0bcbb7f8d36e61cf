/** `install add` of eXR. */
import { FAULT_KINDS } from '../faults.ts'
import type { FetchSession } from '../fetch/fetcher.ts'
import { probe } from '../fetch/probe.ts'
import { maskUrl, parseRepositoryUrl, type RepositoryUrl } from '../fetch/repository-url.ts'
import {
  corruptLines,
  diskFullLines,
  fetchFailureLines,
  noImpactText,
  packageListLines,
  wrongPlatformLines,
} from '../install/exr-text.ts'
import { type AddProblem, checkPackages, openRepository, readPackages } from '../install/fetch-packages.ts'
import type { InstallArguments } from '../install/install-arguments.ts'
import type { OperationWork } from '../install/install-engine.ts'
import type { Outcome } from '../install/operation.ts'
import type { CommandContext } from './command-context.ts'
import { begin, proceed, refuse } from './exr-operation.ts'
import { inDialogue } from './install-support.ts'

/** Schemes of web servers. */
const HTTP = /^https?$/

/** Password tries of the SFTP client on the router. */
const PASSWORD_TRIES = 3

/** Asks for the password, logs in to the repository, and fetches in the background. */
export async function add(context: CommandContext, args: InstallArguments): Promise<undefined> {
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
  if (HTTP.test(url.scheme)) {
    // Nobody is asked for anything: who logs in says so in the URL.
    const credentials = { user: url.user ?? '', password: url.password ?? '' }
    const opened = await openRepository(fetcher, url, credentials, new AbortController().signal)
    return typeof opened === 'string' ? 'failed' : opened
  }
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
  const web = HTTP.test(parseRepositoryUrl(args.source ?? '')?.scheme ?? '')
  return async (operation, log, signal): Promise<Outcome> => {
    signal.addEventListener('abort', opened.close, { once: true })
    const read = await readPackages(opened, args.names, (bytes) => {
      operation.downloadedBytes = bytes
    }).finally(() => opened.close())
    const full = router.faults.take(FAULT_KINDS.diskFull, line) !== undefined
    const checked = read.ok ? checkPackages(router, read.packages, full) : read
    if (!checked.ok) return { ok: false, errors: problemLines(checked.problem, web) }
    operation.packages = checked.packages.map((facts) => facts.name)
    const fresh = checked.packages.filter((facts) => router.store.find(facts.name) === undefined)
    if (fresh.length === 0) log(noImpactText('add'))
    const lines = fresh.length === 0 ? [] : packageListLines('Packages added:', fresh)
    return { ok: true, apply: () => void router.store.add(fresh), lines }
  }
}

/** @param web the repository is a web server */
function problemLines(problem: AddProblem, web: boolean): string[] {
  switch (problem.kind) {
    case 'fetch':
      return fetchFailureLines(problem.failure, problem.file, web)
    case 'corrupt':
      return corruptLines(problem.file)
    case 'platform':
      return wrongPlatformLines(problem.file, problem.platform)
    case 'disk':
      return diskFullLines()
  }
}
