// Where a feed comes from: a directory below the one that is set, or an HTTP(S) base.
import { createError } from '@slipway/contracts'
import { openDirectory } from './directory-feed.ts'
import type { ResolvedSource } from './feed-files.ts'
import { createHttpFeed, type HttpFeedOptions, parseBase } from './http-feed.ts'

export interface FeedSourceOptions extends HttpFeedOptions {
  /** The only directory below which feeds are read. */
  readonly feedDir: string
}

/** A scheme: `http:`, `file:` */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/

/** Finds a source. Error: CATALOG_SOURCE_INVALID, in the same words whether a directory is elsewhere or nowhere. */
export async function resolveSource(given: string, options: FeedSourceOptions): Promise<ResolvedSource> {
  const name = given.trim()
  if (CONTROL_CHARACTER.test(name)) {
    throw createError('CATALOG_SOURCE_INVALID', ['', 'it must not contain control characters.'])
  }
  if (SCHEME.test(name)) {
    const base = parseBase(name)
    return { name: base.href, source: createHttpFeed(base, options), isRemote: true }
  }
  return openDirectory(name, options.feedDir)
}
