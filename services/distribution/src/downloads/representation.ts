// What is said of a file beside its bytes. It follows from the index and the open descriptor, which agree (see
// index-service.ts), so it is made once for each state of a file.
import { distributionContentType } from '@slipway/contracts'
import type { IndexedFile } from '../files/indexed-file.ts'
import type { StoreFile } from '../files/store-file.ts'
import type { Representation } from './preconditions.ts'

export interface Described extends Representation {
  /** Of every answer that is not an error, 304 included. */
  readonly common: Readonly<Record<string, string>>
  /** Those, and what is said of the content. */
  readonly content: Readonly<Record<string, string>>
}

const described = new WeakMap<IndexedFile, Described>()

export function describe(known: IndexedFile, { stats }: StoreFile): Described {
  const before = described.get(known)
  if (before !== undefined) return before
  const changedS = Math.floor(Number(stats.mtimeMs) / 1_000)
  const nowS = Math.floor(Date.now() / 1_000)
  // A date in the future says nothing about when the file changed (RFC 9110, section 8.8.2.1).
  const made = make(known, Math.min(changedS, nowS), Number(stats.size))
  if (changedS <= nowS) described.set(known, made)
  return made
}

function make({ sha256, name: { file } }: IndexedFile, modifiedS: number, size: number): Described {
  const etag = `"${sha256}"`
  const common = {
    etag,
    'last-modified': new Date(modifiedS * 1_000).toUTCString(),
    'accept-ranges': 'bytes',
    // For its user only, and asked for anew each time: the credentials may have ended.
    'cache-control': 'private, no-cache',
    'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    'x-content-type-options': 'nosniff',
  }
  const content = {
    ...common,
    'content-type': distributionContentType(file),
    // A name that is served holds nothing that a header could stumble over.
    'content-disposition': `attachment; filename="${file}"`,
  }
  return { etag, modifiedS, size, common, content }
}
