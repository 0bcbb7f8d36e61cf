/**
 * Counts every command that changes a router's software or restarts it, from the moment its newline arrives:
 * tests prove with this count that nothing was sent twice. What is counted is the command, valid or not.
 */
export type MutationKind =
  | 'add'
  | 'activate'
  | 'deactivate'
  | 'commit'
  | 'remove'
  | 'rollback'
  | 'abort'
  | 'reload'

/** One command received. `text` is exact and may therefore hold a password of a repository URL. */
export interface Mutation {
  /** 1 for the first since the start or the last reset. */
  readonly seq: number
  readonly kind: MutationKind
  readonly text: string
  readonly at: string
  /** Number of the session within the router's life. */
  readonly session: number
  readonly user: string
}

const INSTALL_KINDS: readonly (readonly [string, MutationKind])[] = [
  ['add', 'add'],
  ['activate', 'activate'],
  ['deactivate', 'deactivate'],
  ['commit', 'commit'],
  ['remove', 'remove'],
  ['rollback', 'rollback'],
  ['abort', 'abort'],
  ['operation', 'abort'],
]

/** Which mutating command a line is, abbreviations included; undefined for all others. */
export function mutationKind(line: string): MutationKind | undefined {
  const words = line.trim().toLowerCase().split(/\s+/)
  if (isShort(words[0], 'admin', 2)) words.shift()
  const [first, second] = words
  if (isShort(first, 'reload', 3)) return 'reload'
  if (isShort(first, 'hw-module', 2))
    return words.some((word) => isShort(word, 'reload', 3)) ? 'reload' : undefined
  if (!isShort(first, 'install', 3) || second === undefined) return undefined
  return INSTALL_KINDS.find(([name]) => isShort(second, name, 2))?.[1]
}

function isShort(word: string | undefined, name: string, least: number): boolean {
  return word !== undefined && word.length >= least && name.startsWith(word)
}

/** Counts per kind, zero included. */
export function countByKind(mutations: readonly Mutation[]): Record<MutationKind, number> {
  const counts: Record<MutationKind, number> = {
    add: 0,
    activate: 0,
    deactivate: 0,
    commit: 0,
    remove: 0,
    rollback: 0,
    abort: 0,
    reload: 0,
  }
  for (const { kind } of mutations) counts[kind] += 1
  return counts
}

/**
 * Pairs of sessions that sent mutating commands in turns: each one's first lies before the other's last. Two sessions
 * one after the other are no pair, nor is one that only reads, however long it stays open.
 */
export function overlappingSessions(mutations: readonly Mutation[]): [number, number][] {
  const spans = new Map<number, { first: number; last: number }>()
  for (const { session, seq } of mutations) {
    const span = spans.get(session)
    if (span === undefined) spans.set(session, { first: seq, last: seq })
    else span.last = seq
  }
  const all = [...spans]
  return all.flatMap(([one, a], index) =>
    all
      .slice(index + 1)
      .filter(([, b]) => a.first < b.last && b.first < a.last)
      .map(([other]): [number, number] => [one, other]),
  )
}
