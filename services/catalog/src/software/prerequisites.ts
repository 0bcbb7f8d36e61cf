// What a list of software needs beside itself. A prerequisite is there if it, or something that supersedes it, is in
// the list; what is missing is added with its own prerequisites. Circles end, as nothing is added twice.
import type { SoftwareCatalog } from './software-catalog.ts'

type Catalog = Pick<SoftwareCatalog, 'byName' | 'superseding'>

/**
 * The names that a list lacks, in the order in which they are needed; also names that the catalog does not know.
 * Of several missing ones of which one supersedes another, the superseding one is enough.
 */
export function missingPrerequisites(catalog: Catalog, names: readonly string[]): string[] {
  const { superseding } = catalog
  const covered = superseding.below(names)
  const needed = needs(catalog, names, covered)
  // A second look: an added prerequisite may cover others that were added before it.
  for (const name of superseding.below(needed)) covered.add(name)
  const kept = needs(catalog, names, covered)
  return complete(catalog, names, kept)
}

/** All prerequisites of a list, directly or not, without what is covered. */
function needs({ byName }: Catalog, names: readonly string[], covered: ReadonlySet<string>): string[] {
  const listed = new Set(names)
  const found: string[] = []
  const waiting = [...names].reverse()
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const needed of byName(name)?.prerequisites ?? []) {
      if (listed.has(needed) || covered.has(needed)) continue
      listed.add(needed)
      found.push(needed)
      waiting.push(needed)
    }
  }
  return found
}

/** Adds what is needed and covered by nothing that was kept: where prerequisites supersede each other in a circle. */
function complete(
  { byName, superseding }: Catalog,
  names: readonly string[],
  kept: readonly string[],
): string[] {
  const list = [...kept]
  const listed = new Set([...names, ...kept])
  const covered = superseding.below(listed)
  const waiting = [...listed].reverse()
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const needed of byName(name)?.prerequisites ?? []) {
      if (listed.has(needed) || covered.has(needed)) continue
      listed.add(needed)
      list.push(needed)
      waiting.push(needed)
      superseding.below([needed], covered)
    }
  }
  return list
}
