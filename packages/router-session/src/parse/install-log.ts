// `show install log <id> detail`, and the same words where they come unasked after a prompt.
import { installErrors, nodesToReload } from './install-operation.ts'
import { linesOf } from './lines.ts'

/** How an operation ended. `completed-with-failure`: after the point of no return. `unknown`: the text does not tell. */
export type InstallOutcome = 'succeeded' | 'failed' | 'aborted' | 'completed-with-failure' | 'unknown'

/** `Install operation 36 completed successfully at …`, `… 12 finished successfully`, `… failed at`, `… aborted`. */
const ENDINGS: readonly (readonly [words: string, outcome: InstallOutcome])[] = [
  ['completed with failure', 'completed-with-failure'],
  ['(?:completed|finished) successfully', 'succeeded'],
  ['(?:was )?aborted', 'aborted'],
  ['(?:has )?failed', 'failed'],
]

/** How nodes take the change: `Install Method: Parallel Reload`. */
const METHOD = /^\s*(?:Info:\s*)?Install [Mm]ethod:\s*(\S.*)/
/** The device wants the restart in parallel: `… incremental … parallel …`. */
const WANTS_PARALLEL = /incremental[\s\S]{0,400}?parallel/i
/** Begins the list of what changed on 64-bit XR. */
const CHANGED = /(?:Packages added|Package list):\s*$/
/** A package of that list: `May 24 18:54:30     ncs5500-mgbl-3.0.0.0-r601.x86_64`. */
const CHANGED_PACKAGE =
  /^(?:[A-Z][a-z]{2} +\d+ \d{2}:\d{2}:\d{2})?\s{2,}([A-Za-z][\w.+]*-[\w.+-]*\d[\w.+-]*)\s*$/

/** What the log of one operation says. */
export interface InstallLog {
  outcome: InstallOutcome
  errors: string[]
  /** One per sub-operation and node type. */
  methods: string[]
  wantsParallelReload: boolean
  nodesToReload: string[]
  /** Packages named as changed (64-bit XR), without `.x86_64`. */
  packages: string[]
}

/** How operation `id` ended, by any text that mentions it. */
export function installOutcome(text: string, id: number): InstallOutcome {
  const mention = `Install operation ${id}(?: '[^']*')? `
  const found = ENDINGS.map(([words, outcome]) => ({
    outcome,
    at: lastIndexOf(text, new RegExp(`${mention}${words}`, 'g')),
  })).filter(({ at }) => at !== -1)
  return found.sort((a, b) => b.at - a.at)[0]?.outcome ?? 'unknown'
}

/** Reads the log of operation `id`. */
export function parseInstallLog(text: string, id: number): InstallLog {
  return {
    outcome: installOutcome(text, id),
    errors: installErrors(text),
    methods: linesOf(text).flatMap((line) => METHOD.exec(line)?.[1]?.trimEnd() ?? []),
    wantsParallelReload: WANTS_PARALLEL.test(text),
    nodesToReload: nodesToReload(text),
    packages: changedPackages(text),
  }
}

/** `Install operation 41 '(admin) install add …' started by user 'root'` */
const STARTED = /Install operation (\d+)\b[^\n]*started/g

/** The highest operation id in a list of starts; 0 when nothing was ever installed. */
export function lastOperationId(text: string): number {
  return [...text.matchAll(STARTED)].reduce((most, [, id]) => Math.max(most, Number(id)), 0)
}

function lastIndexOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].at(-1)?.index ?? -1
}

function changedPackages(text: string): string[] {
  const packages: string[] = []
  let inList = false
  for (const line of linesOf(text)) {
    const name: string | undefined = inList ? CHANGED_PACKAGE.exec(line)?.[1] : undefined
    if (name !== undefined) packages.push(name.replace(/\.x86_64$/, ''))
    inList = CHANGED.test(line) || name !== undefined
  }
  return [...new Set(packages)]
}
