import type { SoftwareDetail, SoftwareRow } from '@slipway/contracts'
import type { Entry } from './entry.ts'
import type { SoftwareCatalog } from './software-catalog.ts'

/** What stands for the id of a name that the catalog does not hold. Source: REST contract, section 6. */
const UNKNOWN = 'Unknown'

/** An entry as it is shown. */
export function toRow(entry: Entry): SoftwareRow {
  const { id, name, status, type, postedDate, ddts, description, functionalAreas, impact } = entry
  const { packageBundles, compressedImageSize, uncompressedImageSize, compositeDdts } = entry
  return {
    ...{ id, name, status, type, postedDate, ddts, description, functionalAreas, impact },
    ...{ packageBundles, compressedImageSize, uncompressedImageSize, compositeDdts },
    prerequisites: entry.prerequisites.join(','),
    supersedes: entry.supersedes.join(','),
    supersededBy: entry.supersededBy.join(','),
  }
}

/** With the ids of those it names. */
export function toDetail(entry: Entry, { byName }: Pick<SoftwareCatalog, 'byName'>): SoftwareDetail {
  const ids = (names: readonly string[]) => names.map((name) => byName(name)?.id ?? UNKNOWN).join(',')
  return {
    ...toRow(entry),
    prerequisitesIds: ids(entry.prerequisites),
    supersedesIds: ids(entry.supersedes),
    supersededByIds: ids(entry.supersededBy),
  }
}
