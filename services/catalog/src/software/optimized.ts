// A list of software somebody has in mind, put right. Source: REST contract, section 6, get_optimized_software.
import { catalogPlatform, catalogRelease } from '@slipway/router-session/packages'
import type { Entry } from './entry.ts'
import { missingPrerequisites } from './prerequisites.ts'
import type { SoftwareCatalog } from './software-catalog.ts'

/** What an entry of the list is, in the order of the answer. */
export const softwareRoles = ['Pre-requisite', 'SMU/SP', 'Package', 'Unrecognized'] as const
export type SoftwareRole = (typeof softwareRoles)[number]

export interface OptimizedRow {
  readonly name: string
  readonly role: SoftwareRole
  readonly description: string
}

/** Platform and release of a list: those of the first name that yields both. */
export function catalogOf(names: readonly string[]): { platform: string; release: string } | undefined {
  for (const name of names) {
    const [platform, release] = [catalogPlatform(name), catalogRelease(name)]
    if (platform !== undefined && release !== undefined) return { platform, release }
  }
  return undefined
}

/** A bug id or a service pack in a name: a fix, which a catalog knows or nobody does. */
const FIX = /CSC[a-z]{2}\d{5}|[.-](?:sp|fp)-?\d/

/**
 * Drops what is superseded by another of the list, adds missing prerequisites, and tells what each name is. Packages
 * of a fix are listed all, whichever were given.
 * @param catalog undefined if there is none: nothing is recognized then
 */
export function optimizeSoftware(
  catalog: SoftwareCatalog | undefined,
  given: readonly string[],
): OptimizedRow[] {
  const names = [...new Set(given)]
  if (catalog === undefined) return names.map(unrecognized)
  const fixes = new Map<string, { entry: Entry; given: string }>()
  const others: OptimizedRow[] = []
  for (const name of names) {
    const entry = catalog.byPackage(name)
    if (entry === undefined) others.push(notInCatalog(name))
    else if (!fixes.has(entry.name)) fixes.set(entry.name, { entry, given: name })
  }
  const kept = catalog.superseding.withoutSuperseded([...fixes.keys()])
  const needed = missingPrerequisites(catalog, kept)
  const rows = [
    ...needed.flatMap((name) => rowsOf('Pre-requisite', catalog.byName(name), name)),
    ...kept.flatMap((name) => rowsOf('SMU/SP', fixes.get(name)?.entry, fixes.get(name)?.given ?? name)),
    // What is needed may be given and yet unknown to the catalog: it is listed once, as needed.
    ...others.filter(({ name }) => !needed.includes(name)),
  ]
  return softwareRoles.flatMap((role) => rows.filter((row) => row.role === role))
}

/** One row a package of the entry; an entry that names none stands for itself, as it was called. */
function rowsOf(role: SoftwareRole, entry: Entry | undefined, calledAs: string): OptimizedRow[] {
  const names = entry === undefined || entry.packageNames.length === 0 ? [calledAs] : entry.packageNames
  // A release bundle is no fix: it is a package of many.
  const its = entry?.kind === 'tar' ? 'Package' : role
  return names.map((name) => ({ name, role: its, description: entry?.description ?? '' }))
}

function notInCatalog(name: string): OptimizedRow {
  const isPackage = catalogPlatform(name) !== undefined && !FIX.test(name)
  return isPackage ? { name, role: 'Package', description: '' } : unrecognized(name)
}

function unrecognized(name: string): OptimizedRow {
  return { name, role: 'Unrecognized', description: '' }
}
