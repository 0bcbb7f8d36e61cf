// The list of software one should install. Source: API guide, 1.2.2; REST contract, section 6.
import { type Entry, POSTED } from './entry.ts'
import { missingPrerequisites } from './prerequisites.ts'
import type { SoftwareCatalog } from './software-catalog.ts'

/**
 * What is posted and superseded by nothing, and the prerequisites these need that nothing in the list covers: SMUs,
 * then service packs, by name within each. Prerequisites that are neither are no part of the list.
 */
export function optimalSoftware(catalog: SoftwareCatalog): Entry[] {
  const { software, superseding } = catalog
  const chosen = software
    .filter((entry) => entry.status === POSTED && !superseding.isSuperseded(entry))
    .map(({ name }) => name)
  const wanted = new Set([...chosen, ...missingPrerequisites(catalog, chosen)])
  return software.filter(({ name }) => wanted.has(name))
}

/** `04/27/2016 21:39:38 PDT`: month, day and year as printed, in whatever zone. */
const POSTED_DATE = /^(\d{2})\/(\d{2})\/(\d{4})/

/** The entries posted on the day (`2016-04-27`) or later, by the printed date; those without one are never among them. */
export function postedSince(entries: readonly Entry[], day: string): Entry[] {
  return entries.filter(({ postedDate }) => {
    const [, month, date, year] = POSTED_DATE.exec(postedDate) ?? []
    return year !== undefined && `${year}-${month}-${date}` >= day
  })
}
