import { createPackageIndex } from './package-index.ts'

/** What became of a wanted package. */
export interface Resolution {
  /** In the order wanted; `name` is the spelling of the available list. */
  matched: { wanted: string; name: string }[]
  /** Wanted, but not available. */
  missing: string[]
}

/** Finds the wanted packages among the available names; a name spelled alike goes before one that merely means the same. */
export function resolvePackages(wanted: readonly string[], available: readonly string[]): Resolution {
  const index = createPackageIndex(available)
  const resolution: Resolution = { matched: [], missing: [] }
  for (const name of new Set(wanted)) {
    const found = index.find(name)
    if (found === undefined) resolution.missing.push(name)
    else resolution.matched.push({ wanted: name, name: found })
  }
  return resolution
}
