/** `install add` of classic IOS XR. */
import { FAULT_KINDS } from '../faults.ts'
import { maskUrl, parseRepositoryUrl, type RepositoryUrl } from '../fetch/repository-url.ts'
import {
  addedLines,
  corruptLines,
  diskFullLines,
  fetchFailureLines,
  wrongPlatformLines,
} from '../install/classic-text.ts'
import { type AddProblem, checkPackages, openRepository, readPackages } from '../install/fetch-packages.ts'
import type { InstallArguments } from '../install/install-arguments.ts'
import type { OperationWork } from '../install/install-engine.ts'
import type { Outcome } from '../install/operation.ts'
import { begin, proceed, refuse, suffix } from './classic-operation.ts'
import type { CommandContext } from './command-context.ts'
import { inDialogue } from './install-support.ts'

/** Fetches packages in the background; the URL carries the password. */
export async function add(context: CommandContext, args: InstallArguments): Promise<undefined> {
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
