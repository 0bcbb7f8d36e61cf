// Why a feed, or one file of it, cannot be used. The words are ours: nothing of what was read is ever quoted, as it may
// be no feed at all but any file or page somebody pointed at.

/** A failure that concerns what was read; anything else that is thrown is trouble of our own. */
export interface FeedFailure extends Error {
  readonly reason: string
  /** Where in the file, from 1; absent if it concerns the whole file. */
  readonly line: number | undefined
}

const NAME = 'FeedFailure'

/** Makes a failure. @param reason a sentence without its subject: `is not well-formed XML` */
export function feedFailure(reason: string, line?: number): FeedFailure {
  return Object.assign(new Error(reason), { name: NAME, reason, line })
}

/** True for what `feedFailure` made. */
export function isFeedFailure(value: unknown): value is FeedFailure {
  return value instanceof Error && value.name === NAME && 'reason' in value
}
