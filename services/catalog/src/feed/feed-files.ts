// What a source of a feed is to those who read it.

/** Files of a feed by name. */
export interface FeedSource {
  /** The content of a file. Fails, at once or while it is read, with a FeedFailure that never quotes it. */
  open(file: string): AsyncIterable<Uint8Array>
}

/** Where it is read from, as it is stored and shown. */
export interface ResolvedSource {
  readonly name: string
  readonly source: FeedSource
  readonly isRemote: boolean
}
