// Dispatch switches: what is handed no new work. Pure rules; what is not paused has no row.
import type { SwitchInput, SwitchRow, SwitchScope } from '@slipway/contracts'

/** Something that is paused. */
export interface Pause {
  scope: SwitchScope
  /** '' for global, a region's name, a host's id. */
  target: string
  name: string
  reason: string
  pausedBy: string
  pausedAt: Date
}

/** Where a job stands, as switches see it. */
export interface Place {
  hostId: string
  region: string
}

const keyOf = ({ scope, target }: Pick<Pause, 'scope' | 'target'>) => `${scope} ${target}`

/** Which of these pauses holds a job up: the widest, as lifting a narrower one would not help. */
export function pauseOf(pauses: readonly Pause[], { hostId, region }: Place): Pause | undefined {
  const find = (scope: SwitchScope, target: string) =>
    pauses.find((pause) => pause.scope === scope && pause.target === target)
  return find('global', '') ?? find('region', region) ?? find('host', hostId)
}

/** What a change does to the switches that stand. */
export interface SwitchChanges {
  /** Pauses that are new or say something new. */
  pause: Pause[]
  resume: Pick<Pause, 'scope' | 'target'>[]
}

/**
 * What rows change. Pausing again what is paused for the same reason changes nothing: who and when stay those of
 * the first. Of two rows for the same switch the later counts.
 */
export function planChanges(
  rows: readonly SwitchInput[],
  standing: readonly Pause[],
  by: { user: string; now: Date },
): SwitchChanges {
  const known = new Map(standing.map((pause) => [keyOf(pause), pause]))
  const wanted = new Map(rows.map((row) => [keyOf(row), row]))
  const changes: SwitchChanges = { pause: [], resume: [] }
  for (const [key, row] of wanted) {
    const { scope, target, name } = row
    const before = known.get(key)
    const reason = row.reason ?? before?.reason ?? ''
    if (!row.paused && before !== undefined) changes.resume.push({ scope, target })
    if (row.paused && before?.reason !== reason) {
      changes.pause.push({ scope, target, name, reason, pausedBy: by.user, pausedAt: by.now })
    }
  }
  return changes
}

/** A switch as it stands after a change. */
export function switchRow(
  { scope, target, name }: Pick<Pause, 'scope' | 'target' | 'name'>,
  pauses: readonly Pause[],
): SwitchRow {
  const pause = pauses.find((one) => keyOf(one) === keyOf({ scope, target }))
  if (pause === undefined) return { scope, target, name, paused: false, reason: '' }
  const { reason, pausedBy, pausedAt } = pause
  return { scope, target, name, paused: true, reason, pausedBy, pausedAt: pausedAt.toISOString() }
}

/** The list: that of everything first, then regions and hosts that are paused, by name. */
export function listRows(pauses: readonly Pause[]): SwitchRow[] {
  const rank = { global: 0, region: 1, host: 2 } as const
  const narrower = pauses
    .filter(({ scope }) => scope !== 'global')
    .sort((a, b) => rank[a.scope] - rank[b.scope] || (a.name < b.name ? -1 : 1))
  const everything = { scope: 'global', target: '', name: '' } as const
  return [everything, ...narrower].map((one) => switchRow(one, pauses))
}
