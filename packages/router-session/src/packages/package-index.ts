// Finds packages among many names without comparing each with each: names of one package share platform, version,
// fix and pack, so only names that agree in these are compared by the rule of `samePackage`.
import { parsePackage } from './package-identity.ts'
import { bareName, samePackage } from './same-package.ts'

/** Names that can be looked up in any form: file, inactive, active. */
export interface PackageIndex {
  /** The name that is the same package, in the spelling of the index: one spelled alike goes before the first that means the same. */
  find(wanted: string): string | undefined
}

/** Indexes names; the first of several names for one package stands for it. */
export function createPackageIndex(names: Iterable<string>): PackageIndex {
  const byName = new Map<string, string>()
  const byKey = new Map<string, string[]>()
  for (const name of names) {
    const bare = bareName(name)
    if (!byName.has(bare)) byName.set(bare, name)
    const key = keyOf(name)
    if (key === undefined) continue
    const bucket = byKey.get(key)
    if (bucket === undefined) byKey.set(key, [name])
    else bucket.push(name)
  }
  return {
    find(wanted) {
      const alike = byName.get(bareName(wanted))
      if (alike !== undefined) return alike
      const key = keyOf(wanted)
      return key === undefined ? undefined : byKey.get(key)?.find((name) => samePackage(wanted, name))
    },
  }
}

/** What two names of one package always agree in; undefined for names that cannot be read. */
function keyOf(name: string): string | undefined {
  const identity = parsePackage(name)
  if (identity === undefined) return undefined
  return [identity.platform, identity.version, identity.smu, identity.servicePack].join('|')
}
