// The software of one platform and release, indexed once by everything questions ask for.
import { createPackageIndex, type PackageIndex } from '@slipway/router-session/packages'
import { compareNames, type Entry, type EntryKind, entryKinds } from './entry.ts'
import { createSuperseding, type Superseding } from './superseding.ts'

export interface SoftwareCatalog {
  /** SMUs, then service packs, by name within each. */
  readonly software: readonly Entry[]
  readonly superseding: Superseding
  /** By exact name, among SMUs, those in transit, service packs, bundles, in that order. */
  byName(name: string): Entry | undefined
  /** By the feed's id, in the same order. */
  byId(id: string): Entry | undefined
  /** The entry that a package name stands for, in any of its forms: file, inactive, active, catalog. */
  byPackage(name: string): Entry | undefined
}

/** Indexes entries. */
export function createSoftwareCatalog(entries: readonly Entry[]): SoftwareCatalog {
  const sorted = [...entries].sort(byKindThenName)
  const names = firstBy(sorted, ({ name }) => [name])
  const ids = firstBy(sorted, ({ id }) => [id])
  // An entry's own name goes before files of others that happen to be called so.
  const packages = new Map([...firstBy(sorted, ({ packageNames }) => packageNames), ...names])
  // Made when the first list is to be put right: most catalogs are only ever listed.
  let anyForm: PackageIndex | undefined
  return {
    software: sorted.filter(({ kind }) => kind === 'smu' || kind === 'sp'),
    superseding: createSuperseding(sorted),
    byName: (name) => names.get(name),
    byId: (id) => ids.get(id),
    byPackage(name) {
      anyForm ??= createPackageIndex(packages.keys())
      const found = anyForm.find(name)
      return found === undefined ? undefined : packages.get(found)
    },
  }
}

const rank: Readonly<Record<EntryKind, number>> = Object.fromEntries(
  entryKinds.map((kind, index) => [kind, index]),
) as Record<EntryKind, number>

function byKindThenName(a: Entry, b: Entry): number {
  return rank[a.kind] - rank[b.kind] || compareNames(a.name, b.name)
}

function firstBy(entries: readonly Entry[], keysOf: (entry: Entry) => readonly string[]): Map<string, Entry> {
  const found = new Map<string, Entry>()
  for (const entry of entries) {
    for (const key of keysOf(entry)) if (!found.has(key)) found.set(key, entry)
  }
  return found
}
