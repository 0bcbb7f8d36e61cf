// Links for devices that cannot authenticate: whoever has one may fetch its files, each so many times, until it
// expires. The token is 256 bits of chance; only its hash is stored. What counts as a use: docs/adr/0010.
import { createHash, randomBytes } from 'node:crypto'
import { downloadPrefix } from '@slipway/contracts'
import type { LinkFile, LinkStore } from './link-store.ts'

export interface LinkRequest {
  readonly directory: string
  readonly files: readonly string[]
  readonly uses: number
  readonly expiresInS: number
  readonly createdBy: string
}

export interface Links {
  /** The path below which its files are. */
  create(request: LinkRequest): Promise<{ path: string; expiresAt: Date }>
  /** What a link leads to; undefined if it leads nowhere (any more). */
  find(token: string, file: string): Promise<LinkFile | undefined>
  /** Counts a download; false if it must not be. @param start the first byte that is sent */
  count(token: string, file: string, start: number): Promise<boolean>
}

/** Below the prefix of downloads. No directory can be meant: a link's path has three parts. */
export const linkPart = 'link'
/** `b64url` of 32 bytes */
const TOKEN = /^[A-Za-z0-9_-]{43}$/

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

export function createLinks(store: LinkStore): Links {
  return {
    async create(request) {
      const token = randomBytes(32).toString('base64url')
      const expiresAt = await store.insert({ ...request, tokenHash: hashOf(token) })
      return { path: `${downloadPrefix}/${linkPart}/${token}`, expiresAt }
    },
    find: async (token, file) => (TOKEN.test(token) ? store.find(hashOf(token), file) : undefined),
    count: (token, file, start) =>
      start === 0 ? store.countUse(hashOf(token), file) : store.countResume(hashOf(token), file),
  }
}
