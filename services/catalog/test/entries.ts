// Entries for tests: whatever a test does not say is of no interest.
import type { Entry } from '../src/software/entry.ts'

/** An entry with some of its facts; posted unless it says otherwise. */
export function entry(facts: Partial<Entry> & Pick<Entry, 'kind' | 'name'>): Entry {
  return {
    id: `id of ${facts.name}`,
    status: 'Posted',
    type: 'Optional',
    category: '',
    postedDate: '04/27/2016 21:39:38 PDT',
    eta: '',
    ddts: '',
    description: '',
    impact: '',
    functionalAreas: '',
    packageBundles: '',
    compositeDdts: '',
    ccoFileName: '',
    compressedImageSize: '',
    uncompressedImageSize: '',
    supersedes: [],
    supersededBy: [],
    prerequisites: [],
    packageNames: [],
    packageDigests: [],
    ...facts,
  }
}

/** A fix. */
export const smu = (name: string, facts: Partial<Entry> = {}) => entry({ kind: 'smu', name, ...facts })

export const names = (entries: readonly Entry[]) => entries.map(({ name }) => name)
