import type { DistributionName } from '@slipway/contracts'

/** What happened to a file of the store. */
export interface Activity {
  readonly at: Date
  /** published, replaced, deleted, found, gone, link-created, downloaded */
  readonly kind: string
  readonly name: DistributionName
  readonly sha256: string
  /** A user, `link of <user>`, or empty for what was done by hand. */
  readonly actor: string
  readonly address: string
  /** Bytes sent, for downloads. */
  readonly bytes: number
  /** False for downloads that ended early. */
  readonly complete: boolean
}
