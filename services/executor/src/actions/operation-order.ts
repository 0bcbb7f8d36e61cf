// An install command about to be given, and what became of it.
import type { Answer } from '@slipway/router-session'
import type { Baseline, JournalEntry, MutationKind } from '../runs/journal-store.ts'
import type { Reload } from './dialect.ts'
import type { PackageNames, Software } from './selection.ts'

export interface InstallOrder {
  readonly kind: MutationKind
  readonly command: string
  /** Files of an Add, the router's names otherwise. */
  readonly targets: readonly string[]
  readonly software: Software
  readonly answers: readonly Answer[]
}

export interface InstallEnd {
  readonly entry: JournalEntry
  readonly operationId: number | undefined
  /** What the install log says of the operation; empty if there was none. */
  readonly log: string
  /** What restarts, or has restarted, because of it. */
  readonly reload: Reload
  /** Outages of the connection before the command was sent; undefined if another attempt sent it. */
  readonly outagesBefore: number | undefined
}

/** True if the router is as the command wanted it. Asked when it cannot be told otherwise whether it was carried out. */
export function isReached(
  kind: MutationKind,
  before: Pick<Baseline, 'targets'>,
  software: Software,
  names: PackageNames,
): boolean {
  const has = (list: readonly string[]) => (target: string) => names.find(target, list).length > 0
  const { targets } = before
  if (kind === 'commit') return sameNames(software.active, software.committed)
  if (targets.length === 0) return false
  switch (kind) {
    case 'add':
      return targets.every(has([...software.inactive, ...software.active]))
    case 'activate':
      return targets.every(has(software.active))
    case 'deactivate':
      return !targets.some(has(software.active))
    case 'remove':
      return !targets.some(has(software.inactive))
    case 'copy':
    case 'abort':
      return false
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length > 0 && [...a].sort().join() === [...b].sort().join()
}
