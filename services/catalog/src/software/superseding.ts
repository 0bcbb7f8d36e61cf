// Who supersedes whom. A feed says it at both ends (`supercedes`, `supercededBy`), not always at both; superseding is
// transitive, and feeds hold circles: members of a circle supersede each other, and none of them is the newer one.
import { circlesOf } from './circles.ts'
import { type Entry, POSTED } from './entry.ts'

export interface Superseding {
  /**
   * All names that one of the given names supersedes, directly or not. In a circle a name may be among them itself.
   * @param into an earlier answer, to which they are added
   */
  below(names: Iterable<string>, into?: Set<string>): Set<string>
  /** True if something in the catalog supersedes the entry; what `supercededBy` names need not be in the catalog. */
  isSuperseded(entry: Entry): boolean
  /** The names without those that another of them supersedes. Names that supersede each other both stay. */
  withoutSuperseded(names: readonly string[]): string[]
}

/** Indexes both ends of what entries say. Everything below costs at most one look at each of these relations. */
export function createSuperseding(entries: readonly Entry[]): Superseding {
  const older = new Map<string, Set<string>>()
  const taken = new Set<string>()
  for (const entry of entries) {
    for (const name of entry.supersedes) link(older, entry.name, name)
    for (const name of entry.supersededBy) link(older, name, entry.name)
    // What is under way or withdrawn takes nothing away that can be had.
    if (entry.status !== POSTED || entry.kind === 'in-transit') continue
    for (const name of entry.supersedes) if (name !== entry.name) taken.add(name)
  }
  const below = (names: Iterable<string>, into?: Set<string>) => reach(older, names, into)

  // Which circle a name is in: made when the first list is to be put right.
  let circles: ReadonlyMap<string, number> | undefined

  /** What is superseded by one of the names that it does not supersede in turn: whatever leaves a circle, and all below. */
  function covered(names: ReadonlySet<string>): Set<string> {
    circles ??= circlesOf(older)
    const left = new Set<string>()
    for (const above of new Set([...names, ...below(names)])) {
      for (const under of older.get(above) ?? []) {
        if (circles.get(above) !== circles.get(under)) left.add(under)
      }
    }
    return below(left, new Set(left))
  }
  return {
    below,
    isSuperseded: (entry) => entry.supersededBy.length > 0 || taken.has(entry.name),
    withoutSuperseded(names) {
      const gone = covered(new Set(names))
      return names.filter((name) => !gone.has(name))
    },
  }
}

type Links = Map<string, Set<string>>

function link(older: Links, above: string, under: string): void {
  if (above === under) return
  const known = older.get(above)
  if (known === undefined) older.set(above, new Set([under]))
  else known.add(under)
}

/** Everything that can be reached from the names by at least one link. What `found` holds was followed before. */
function reach(links: Links, names: Iterable<string>, found = new Set<string>()): Set<string> {
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const next of links.get(name) ?? []) {
      if (found.has(next)) continue
      found.add(next)
      waiting.push(next)
    }
  }
  return found
}
