import type { DistributionName } from '@slipway/contracts'

/** What is known of a file of the store. */
export interface IndexedFile {
  readonly name: DistributionName
  /** See identityOf; empty for what could not be opened. */
  readonly identity: string
  readonly size: number
  /** Lower-case hex; empty if it was refused before it was read. */
  readonly sha256: string
  /** Empty if the archive does not say. */
  readonly version: string
  /** Which rule it breaks, as a sentence; empty if it is served. */
  readonly refused: string
  readonly publishedAt: Date
  /** Empty for files that were put there by hand. */
  readonly publishedBy: string
}

/** What came of looking at a file. */
export type Look = IndexedFile | 'absent' | 'unsettled'

/** One text for a name. No part holds a slash. */
export function keyOf({ directory, file }: DistributionName): string {
  return `${directory}/${file}`
}

/** Said of router software, which is no distribution for agents. */
export const softwareNote =
  'The name does not end in .zip, .gz or .tgz: router software, given out through links only.'

/** True if links may give it out. */
export function isLinkable({ refused }: Pick<IndexedFile, 'refused'>): boolean {
  return refused === '' || refused === softwareNote
}
