// `show platform` and `admin show platform`: columns stand where the header's words stand; tabs of the 12000
// series are widened first.
import { linesOf } from './lines.ts'

/** A row of the table. */
export interface PlatformNode {
  /** `0/RSP0/CPU0` */
  node: string
  type: string
  /** `IOS XR RUN` */
  state: string
  configState: string
}

/** What the table says about the router as a whole. */
export interface NodeVerdict {
  /** All judged nodes are in a stable state and at least one runs. */
  ok: boolean
  /** How many nodes were judged: those whose name ends in a CPU. */
  judged: number
  /** Whether any node is `IOS XR RUN`. */
  running: boolean
  bad: PlatformNode[]
}

/** A row's first word: `0/RSP0/CPU0`, `0/FT0`. */
const NODE_NAME = /^\d+\/\S+/
/** Only these are judged. */
const CPU_NODE = /\/CPU\d+\*?$/
/** The header's words, in order; the PLIM column is skipped. */
const COLUMNS = ['node', 'type', 'plim', 'state', 'config state'] as const

const STABLE_BOTH = [
  'IOS XR RUN',
  'PRESENT',
  'READY',
  'FAILED',
  'OK',
  'DISABLED',
  'UNPOWERED',
  'ADMIN DOWN',
  'NOT ALLOW ONLIN',
]

/** States in which a node stays: stable, not necessarily healthy (a failed card must not block an upgrade). */
export const stableStates: Readonly<Record<'XR' | 'eXR', ReadonlySet<string>>> = {
  XR: new Set([...STABLE_BOTH, 'PWD']),
  eXR: new Set([...STABLE_BOTH, 'SW_INACTIVE', 'POWERED_OFF', 'OPERATIONAL']),
}

/** The rows of the table; empty when there is no header. */
export function parsePlatform(text: string): PlatformNode[] {
  const nodes: PlatformNode[] = []
  let starts: number[] = []
  for (const raw of linesOf(text)) {
    const line = widenTabs(raw)
    const header = headerStarts(line)
    if (header !== undefined) starts = header
    else if (starts.length > 0 && NODE_NAME.test(line.trimStart())) nodes.push(rowOf(line, starts))
  }
  return nodes
}

/** Judges a table. A table without judged nodes is not ok: the router is still coming up. */
export function judgeNodes(nodes: readonly PlatformNode[], osType: 'XR' | 'eXR'): NodeVerdict {
  const judged = nodes.filter(({ node }) => CPU_NODE.test(node))
  const bad = judged.filter(({ state }) => !stableStates[osType].has(state))
  const running = judged.some(({ state }) => state === 'IOS XR RUN')
  return { ok: running && bad.length === 0, judged: judged.length, running, bad }
}

/** Where the columns begin: node, type, plim (-1 if none), state, config state. */
function headerStarts(line: string): number[] | undefined {
  const lower = line.toLowerCase()
  if (!/^\s*node\s+(?:type|name)\b/.test(lower)) return undefined
  const config = lower.search(/config(?:uration)? state/)
  const before = config === -1 ? lower : lower.slice(0, config)
  return COLUMNS.map((name) =>
    name === 'config state' ? config : before.search(new RegExp(`\\b${name}\\b`)),
  )
}

function rowOf(line: string, starts: readonly number[]): PlatformNode {
  const known = starts.filter((start) => start > 0)
  const cutsWord = known.some((start) => /\S/.test(line.charAt(start - 1)) && /\S/.test(line.charAt(start)))
  if (cutsWord) return rowOfWords(line, starts[2] !== -1)
  const cell = (column: number): string => {
    const from = starts[column] ?? -1
    if (from < 0) return ''
    const to = known.find((start) => start > from)
    return line.slice(from, to).trim().replace(/\s+/g, ' ')
  }
  return { node: cell(0), type: cell(1), state: cell(3), configState: cell(4) }
}

/** For rows that run out of their columns: cells stand two blanks apart. */
function rowOfWords(line: string, hasPlim: boolean): PlatformNode {
  const cells = line.trim().split(/\s{2,}/)
  if (hasPlim) cells.splice(2, 1)
  const [node = '', type = '', state = '', configState = ''] = cells
  return { node, type, state, configState }
}

function widenTabs(line: string): string {
  let wide = ''
  for (const char of line) wide += char === '\t' ? ' '.repeat(8 - (wide.length % 8)) : char
  return wide
}
