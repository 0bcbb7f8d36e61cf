// What the feed says about software: an entry each for a fix (SMU), a fix under way, a service pack, a release bundle.
// Source: REST contract, section 6.

/** In the order in which names and ids are looked for. */
export const entryKinds = ['smu', 'in-transit', 'sp', 'tar'] as const
export type EntryKind = (typeof entryKinds)[number]

/** The status of software that can be had. */
export const POSTED = 'Posted'

/** One entry; texts as the feed prints them, absent ones empty. */
export interface Entry {
  readonly kind: EntryKind
  /** The feed's id: `AA11308`. */
  readonly id: string
  /** `asr9k-px-5.3.3.CSCuz05961`; unique within its kind. */
  readonly name: string
  /** `Posted`, `Obsoleted`, `In Transit`, … */
  readonly status: string
  /** `Recommended`, `Optional`, `PSIRT`. */
  readonly type: string
  readonly category: string
  /** `04/27/2016 21:39:38 PDT`; '' where it was never posted. */
  readonly postedDate: string
  /** When it is promised to customers. */
  readonly eta: string
  readonly ddts: string
  readonly description: string
  readonly impact: string
  readonly functionalAreas: string
  readonly packageBundles: string
  readonly compositeDdts: string
  readonly ccoFileName: string
  /** Bytes, in digits. */
  readonly compressedImageSize: string
  readonly uncompressedImageSize: string
  /** Names of entries. */
  readonly supersedes: readonly string[]
  readonly supersededBy: readonly string[]
  readonly prerequisites: readonly string[]
  /** Files it consists of. */
  readonly packageNames: readonly string[]
  /** Digests of these files, in their order. */
  readonly packageDigests: readonly string[]
}

/** Orders names by their characters, alike everywhere. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
