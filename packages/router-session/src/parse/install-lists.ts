// `show install active|inactive|committed` and their summaries, made into one row per package.
// Classic XR: `disk0:asr9k-mini-px-5.3.3` below `Active Packages:`; long form once per node, summary once.
// 64-bit XR: the name first, more words after it, per node, in two planes.
import { linesOf } from './lines.ts'

export type PackageState = 'inactive' | 'inactive-committed' | 'active' | 'active-committed'

/** A package and its state; `modules` by node where the router tells it. */
export interface PackageRow {
  name: string
  state: PackageState
  /** The device it stands on: `disk0`; empty on 64-bit XR. */
  location: string
  modules: { name: string; state: PackageState }[]
}

/** One package line. */
export interface ListedPackage {
  name: string
  location: string
  /** `0/RSP0/CPU0`; empty when the list is not by node. */
  node: string
}

/** The three lists of a plane as the device printed them. */
export interface InstallLists {
  active: string
  inactive: string
  committed: string
}

/** Begins a list: `    Active Packages:`, `  Committed Packages: 7`, `1 inactive package(s) found:`. */
const HEADER = /\bpackages:|package\(s\) found/i
/** Begins a node: `  Node 0/RSP0/CPU0 [RP] [SDR: Owner]`. */
const NODE = /^\s*Node\s+(\d+\/\S+)/i
/** A profile of the summary form: `Default Profile:`; a second one is another router's. */
const PROFILE = /^\s*[\w ]*Profile:/i
/** A package line: `      disk0:asr9k-mini-px-5.3.3`, `  ncs5500-xr-6.0.1 version=6.0.1 [Boot image]`. */
const PACKAGE = /^\s+(?:([A-Za-z][\w-]*):)?([A-Za-z][\w.+]*-[\w.+~:-]*\d[\w.+~:-]*)(?=\s|$)/
/** Names that are packages on 64-bit XR: `ncs5500-…`, `asr9k-…`, `iosxr-…`, `xrv9k-…`. */
const EXR_NAME = /^(?:ncs|asr9k|iosxr|xrv9k)/
/** The device cannot tell now: `Node unresponsive (possible ongoing install operation).`, `Please try command later`. */
const NOT_READY = /Please try command later|Node unresponsive/i

/** Whether the device says that the list is not ready yet and should be asked for again. */
export function isListNotReady(text: string): boolean {
  return NOT_READY.test(text)
}

/** Package lines of one list, in order, each once per node. */
export function parseInstallList(text: string): ListedPackage[] {
  const found: ListedPackage[] = []
  let node = ''
  let inList = false
  let profiles = 0
  for (const line of linesOf(text)) {
    if (PROFILE.test(line)) profiles += 1
    if (profiles > 1) break
    const nodeMatch = NODE.exec(line)
    if (nodeMatch !== null) {
      node = withCpu(nodeMatch[1] ?? '')
      inList = false
    } else if (HEADER.test(line)) inList = true
    else if (line.trim() === '') inList = false
    else if (inList) addPackage(found, PACKAGE.exec(line), node)
  }
  return found
}

/** Package rows of classic XR. */
export function parseXrPackages(lists: InstallLists): PackageRow[] {
  const parsed = parseLists(lists)
  return rowsOf(parsed).map((row) => ({ ...row, modules: [] }))
}

/** Package rows of 64-bit XR: both planes merged by name, the XR plane wins. */
export function parseExrPackages(xr: InstallLists, admin?: InstallLists): PackageRow[] {
  const rows = new Map<string, PackageRow>()
  for (const lists of admin === undefined ? [xr] : [xr, admin]) {
    const parsed = parseLists(lists)
    for (const row of rowsOf(parsed)) {
      if (EXR_NAME.test(row.name) && !rows.has(row.name))
        rows.set(row.name, { ...row, modules: modulesOf(parsed, row.name) })
    }
  }
  return [...rows.values()]
}

type ParsedLists = Record<keyof InstallLists, ListedPackage[]>

function parseLists({ active, inactive, committed }: InstallLists): ParsedLists {
  return {
    active: parseInstallList(active),
    inactive: parseInstallList(inactive),
    committed: parseInstallList(committed),
  }
}

function rowsOf(lists: ParsedLists): Omit<PackageRow, 'modules'>[] {
  const keyOf = (item: ListedPackage) => `${item.location}:${item.name}`
  const active = new Set(lists.active.map(keyOf))
  const committed = new Set(lists.committed.map(keyOf))
  const all = new Map(
    [...lists.active, ...lists.inactive, ...lists.committed].map((item) => [keyOf(item), item]),
  )
  return [...all].map(([key, { name, location }]) => ({
    name,
    location,
    state: stateOf(active.has(key), committed.has(key)),
  }))
}

function stateOf(active: boolean, committed: boolean): PackageState {
  if (active) return committed ? 'active-committed' : 'active'
  return committed ? 'inactive-committed' : 'inactive'
}

function modulesOf(lists: ParsedLists, name: string): PackageRow['modules'] {
  const nodesIn = (list: ListedPackage[]) =>
    new Set(list.filter((item) => item.name === name && item.node !== '').map((item) => item.node))
  const [active, inactive, committed] = [
    nodesIn(lists.active),
    nodesIn(lists.inactive),
    nodesIn(lists.committed),
  ]
  return [...new Set([...active, ...inactive, ...committed])].map((node) => ({
    name: node,
    state: stateOf(active.has(node), committed.has(node)),
  }))
}

function addPackage(found: ListedPackage[], match: RegExpExecArray | null, node: string): void {
  if (match === null) return
  const [, location = '', name = ''] = match
  const known = found.some((item) => item.name === name && item.location === location && item.node === node)
  if (!known) found.push({ name, location, node })
}

/** The sysadmin plane names nodes without their CPU. */
function withCpu(node: string): string {
  return /\/CPU\d+$/.test(node) ? node : `${node}/CPU0`
}
