// `show isis neighbor summary`, compared between Pre-Upgrade and Post-Upgrade. Differences only warn.
import type { CheckVerdict } from './checks.ts'
import { linesOf } from './lines.ts'

/** Counts of neighbours on L1, L2 and L1L2, by state, by instance. */
export type IsisSummary = Record<string, Record<string, [l1: number, l2: number, l1l2: number]>>

/** `IS-IS core neighbor summary:` */
const INSTANCE = /^\s*IS-IS (\S+) neighbor summary:/i
/** `Up             4          2          0` */
const COUNTS = /^\s*(Up|Init|Failed)\s+(\d+)\s+(\d+)\s+(\d+)/i
const LEVELS = ['L1', 'L2', 'L1L2'] as const

/** Older than this, what Pre-Upgrade saw says little. */
export const ISIS_SNAPSHOT_MAX_AGE_MS = 2 * 3600 * 1000

/** Reads the summary; a device without IS-IS gives an empty one. */
export function parseIsisSummary(text: string): IsisSummary {
  const summary = new Map<string, Map<string, [number, number, number]>>()
  let states: Map<string, [number, number, number]> | undefined
  for (const line of linesOf(text)) {
    const instance = INSTANCE.exec(line)?.[1]
    if (instance !== undefined) {
      states = new Map()
      summary.set(instance, states)
    }
    const counts = COUNTS.exec(line)
    if (counts !== null)
      states?.set(counts[1] ?? '', [Number(counts[2]), Number(counts[3]), Number(counts[4])])
  }
  return Object.fromEntries([...summary].map(([name, rows]) => [name, Object.fromEntries(rows)]))
}

/** Compares two summaries; `before` undefined: Pre-Upgrade has stored none. */
export function compareIsis(
  before: { summary: IsisSummary; ageMs: number } | undefined,
  after: IsisSummary,
): CheckVerdict[] {
  if (before === undefined) return [warning("No data stored from Pre-Upgrade phase. Can't compare.")]
  const verdicts: CheckVerdict[] = []
  if (before.ageMs > ISIS_SNAPSHOT_MAX_AGE_MS)
    verdicts.push(warning('Pre-Upgrade phase data older than 2 hours'))
  const instances = Object.entries(before.summary)
  const differences = instances.flatMap(([name, states]) => compareInstance(name, states, after[name]))
  verdicts.push(...differences)
  if (instances.length === 0 && Object.keys(after).length === 0)
    verdicts.push({ level: 'info', message: 'No ISIS protocol instance active', details: [] })
  else if (differences.length === 0)
    verdicts.push({
      level: 'info',
      message: 'ISIS neighbors are the same as during the pre-install check',
      details: [],
    })
  return verdicts
}

function compareInstance(
  name: string,
  before: IsisSummary[string],
  after: IsisSummary[string] | undefined,
): CheckVerdict[] {
  if (after === undefined) return [warning(`No ISIS instance '${name}' detected after upgrade`)]
  return Object.entries(before).flatMap(([state, counts]) =>
    LEVELS.flatMap((level, index) => {
      const [was, is] = [counts[index] ?? 0, after[state]?.[index] ?? 0]
      return was === is
        ? []
        : [
            warning(
              `ISIS instance '${name}': ${state} ${level} neighbors differ: Pre-Install=${was} Post-Install=${is}`,
            ),
          ]
    }),
  )
}

function warning(message: string): CheckVerdict {
  return { level: 'warning', message, details: [] }
}
