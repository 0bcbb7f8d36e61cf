/** `show install …`: package lists, the running request, the log. */
import { exrInstallTime } from '../device-time.ts'
import { xrNodes } from '../families.ts'
import { classicLog } from '../install/classic-log.ts'
import { onDisk, requestLines } from '../install/classic-text.ts'
import { exrLog } from '../install/exr-log.ts'
import { requestText } from '../install/exr-text.ts'
import type { RouterCore } from '../router-core.ts'
import { calvadosName } from '../session/prompt.ts'
import { type PackageFacts, shownWhileActive } from '../software/package-facts.ts'
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'
import { wrapLines } from './wrap.ts'

type ListKind = 'active' | 'inactive' | 'committed'

const TITLES: Readonly<Record<ListKind, string>> = {
  active: 'Active Packages',
  inactive: 'Inactive Packages',
  committed: 'Committed Packages',
}

const NO_INACTIVE_CLASSIC = 'There are no inactive packages on the SDR.'
const NO_INACTIVE_EXR = 'No inactive package(s) in software repository'

function listOf(router: RouterCore, kind: ListKind): PackageFacts[] {
  return router.store[kind]()
}

/** Manageability and FPD packages run on route processors only. */
const RP_ONLY: ReadonlySet<string> = new Set(['mgbl', 'fpd', 'doc'])

function classicList(kind: ListKind) {
  return ({ router }: CommandContext): string => {
    const packages = listOf(router, kind)
    const head = 'Secure Domain Router: Owner\n'
    if (kind === 'inactive' && packages.length === 0) return `${head}\n${NO_INACTIVE_CLASSIC}\n`
    const { release } = router.store.image()
    const nodes = kind === 'inactive' ? xrNodes(router.profile).slice(0, 1) : xrNodes(router.profile)
    const blocks = nodes.map((node) => {
      const rp = node.role === 'RP'
      const shown = packages.filter((facts) => rp || !RP_ONLY.has(facts.component))
      const image = rp
        ? `/disk0/asr9k-os-mbi-${release}/0x100305/mbiasr9k-rsp3.vm`
        : `/disk0/asr9k-os-mbi-${release}/lc/mbiasr9k-lc.vm`
      return [
        `  Node ${node.location}/CPU0 [${node.role}] [SDR: Owner]`,
        `    Boot Device: ${rp ? 'disk0:' : 'mem:'}`,
        ...(kind === 'inactive' ? [] : [`    Boot Image: ${image}`]),
        `    ${TITLES[kind]}:`,
        ...shown.map((facts) => `      ${onDisk(facts.name)}`),
        '',
      ].join('\n')
    })
    return `${head}\n${blocks.join('\n')}`
  }
}

function classicSummary(kind: ListKind) {
  return ({ router, plane }: CommandContext): string => {
    const packages = listOf(router, kind)
    const head =
      plane === 'admin' ? ['Default Profile:', '  SDRs:', '    Owner'] : ['Secure Domain Router: Owner', '']
    if (kind === 'inactive' && packages.length === 0) return [...head, '', NO_INACTIVE_CLASSIC].join('\n')
    return [...head, `  ${TITLES[kind]}:`, ...packages.map((facts) => `    ${onDisk(facts.name)}`), ''].join(
      '\n',
    )
  }
}

function exrLabel(facts: PackageFacts): string {
  const shown = shownWhileActive(facts)
  return facts.kind === 'image' ? `${shown} version=${facts.release} [Boot image]` : shown
}

function exrList(kind: ListKind) {
  return ({ router }: CommandContext): string => {
    const packages = listOf(router, kind)
    if (kind === 'inactive') {
      if (packages.length === 0) return NO_INACTIVE_EXR
      const names = packages.map((facts) => `    ${facts.name}`)
      return [`${packages.length} inactive package(s) found:`, ...names].join('\n')
    }
    const blocks = xrNodes(router.profile).map((node) =>
      [
        `Node ${node.location}/CPU0 [${node.role}]`,
        '  Boot Partition: xr_lv0',
        `  ${TITLES[kind]}: ${packages.length}`,
        ...packages.map((facts) => `        ${exrLabel(facts)}`),
        '',
      ].join('\n'),
    )
    return blocks.join('\n')
  }
}

function exrSummary(kind: ListKind) {
  return (context: CommandContext): string => {
    const packages = listOf(context.router, kind)
    if (kind === 'inactive') return exrList(kind)(context)
    return [
      `    ${TITLES[kind]}: ${packages.length}`,
      ...packages.map((facts) => `        ${exrLabel(facts)}`),
    ].join('\n')
  }
}

/** The sysadmin VM knows its own image only; inactive ones it does not list. */
function calvadosList(kind: ListKind) {
  return ({ router }: CommandContext): string => {
    const image = listOf(router, kind).find((facts) => facts.kind === 'image') ?? router.store.image()
    const nodes = router.profile.nodes.filter((node) => node.role !== 'FAN' && node.role !== 'PWR')
    const name = `${image.sysadminName ?? image.name} version=${image.release} [Boot image]`
    const blocks = nodes.map((node) => {
      const head = ` Node ${node.location} [${node.role}]`
      if (kind === 'inactive') return `${head}\n    ${TITLES[kind]}:`
      return `${head}\n    ${TITLES[kind]}: 1\n       ${name}\n`
    })
    return `${blocks.join('\n')}${kind === 'inactive' ? '' : '\n'}`
  }
}

function classicRequest({ router, session }: CommandContext): string {
  const lines = requestLines(router.engine.current(), router.engine.percent())
  return wrapLines(lines, session.tty.screen().columns).join('\n')
}

/** `[N] [detail] [reverse]` of `show install log`; undefined when something else stands there. */
function logArguments(context: CommandContext) {
  const asked = { id: undefined as number | undefined, detail: false, reverse: false }
  for (const { text } of context.args) {
    if (/^\d+$/.test(text) && asked.id === undefined) asked.id = Number(text)
    else if ('detail'.startsWith(text.toLowerCase())) asked.detail = true
    else if ('reverse'.startsWith(text.toLowerCase())) asked.reverse = true
    else return undefined
  }
  return asked
}

function showLog(context: CommandContext): string | undefined {
  const asked = logArguments(context)
  if (asked === undefined) return context.invalid(context.args[0])
  const { router, session } = context
  const all = router.engine.log()
  const chosen = asked.id === undefined ? [...all] : all.filter((operation) => operation.id === asked.id)
  if (asked.reverse) chosen.reverse()
  const classic = router.profile.os === 'classic'
  if (chosen.length === 0) {
    // Not part of the output: `| utility egrep …` lets it through.
    context.print(`${classic ? 'No log information' : 'No install operation log information'}\n`)
    return undefined
  }
  const lines = chosen.flatMap((operation) =>
    classic ? classicLog(router.profile, operation, asked.detail) : exrLog(operation, asked.detail),
  )
  return wrapLines(lines, session.tty.screen().columns).join('\n')
}

function listCommands(list: (kind: ListKind) => Command['run'], summary: (kind: ListKind) => Command['run']) {
  return (['active', 'inactive', 'committed'] as const).flatMap((kind): Command[] => [
    { words: `show install ${kind}`, run: list(kind) },
    { words: `show install ${kind} summary`, run: summary(kind) },
  ])
}

/** Classic XR, both planes. */
export const CLASSIC_INSTALL_SHOWS: readonly Command[] = [
  ...listCommands(classicList, classicSummary),
  { words: 'show install request', run: classicRequest },
  { words: 'show install log', args: true, run: showLog },
]

/** eXR, XR plane. */
export const EXR_INSTALL_SHOWS: readonly Command[] = [
  ...listCommands(exrList, exrSummary),
  { words: 'show install repository', run: ({ router }) => repositoryText(router) },
  {
    words: 'show install request',
    run: ({ router }) => requestText(router.engine.current(), router.engine.percent()),
  },
  { words: 'show install log', args: true, run: showLog },
]

function repositoryText(router: RouterCore): string {
  const names = router.store.all().map((facts) => `    ${facts.name}`)
  return [`${names.length} package(s) in XR repository:`, ...names].join('\n')
}

/** eXR, sysadmin plane. */
export const CALVADOS_INSTALL_SHOWS: readonly Command[] = [
  ...listCommands(calvadosList, calvadosList),
  {
    words: 'show install request',
    run: ({ router }) =>
      `${exrInstallTime(router.now())} No install operation in progress on ${calvadosName(router.profile)}`,
  },
  { words: 'show install log', args: true, run: () => 'No install operation log information' },
]
