// Messages of the distribution service. Bytes of files never travel the bus: they go over HTTP.
import { type Static, Type } from '@sinclair/typebox'
import type { SlipwayError } from './error.ts'
import { defineRpc, type Rpc } from './message.ts'
import { Moment, Nothing, strict, Text } from './shapes.ts'

const Name = { directory: Text, file: Text }

/** A file of the store as operators see it. */
export const DistributionRow = strict({
  ...Name,
  size: Type.Integer({ minimum: 0 }),
  /** Lower-case hex; empty if the file was refused before it was read. */
  sha256: Text,
  publishedAt: Moment,
  /** Empty for files that were put there by hand. */
  publishedBy: Text,
  /** From Version.txt in the archive; empty if there is none. */
  version: Text,
  /** Which rule it breaks; empty if it is served. */
  refused: Text,
})
export type DistributionRow = Static<typeof DistributionRow>

/** What happened to a file. */
export const ActivityRow = strict({
  at: Moment,
  kind: Text,
  ...Name,
  sha256: Text,
  actor: Text,
  address: Text,
  bytes: Type.Integer({ minimum: 0 }),
  complete: Type.Boolean(),
})
export type ActivityRow = Static<typeof ActivityRow>

/** Longest life of a link in seconds. */
export const maxLinkLifetimeS = 7 * 24 * 3_600
/** Most downloads of a link. */
export const maxLinkUses = 1_000

const ExpiresInS = Type.Integer({ minimum: 1, maximum: maxLinkLifetimeS })
/** Where a link leads, below the public URL: `/download/link/<token>/<file>`. */
const LinkReply = strict({ path: Text, expiresAt: Moment })

export const distributionMessages = {
  /** Everything in the store, by directory and file. */
  list: defineRpc('distribution', 'file.list', {
    request: Nothing,
    reply: strict({ rows: Type.Array(DistributionRow) }),
    permission: 'read',
  }),
  /** Deletes a file. Error: DISTRIBUTION_NOT_FOUND. */
  remove: defineRpc('distribution', 'file.remove', {
    request: strict(Name),
    reply: Nothing,
    permission: 'distribution.publish',
  }),
  /** Who published and who downloaded a file, the latest first. Error: DISTRIBUTION_NOT_FOUND. */
  listActivity: defineRpc('distribution', 'activity.list', {
    request: strict(Name),
    reply: strict({ rows: Type.Array(ActivityRow) }),
    // The contract's table: every GET that it does not name is for everybody.
    permission: 'read',
  }),
  /** A link with which a file can be fetched without credentials so many times. Error: DISTRIBUTION_NOT_FOUND. */
  createLink: defineRpc('distribution', 'link.create', {
    request: strict({
      ...Name,
      expiresInS: ExpiresInS,
      uses: Type.Integer({ minimum: 1, maximum: maxLinkUses }),
    }),
    reply: LinkReply,
    permission: 'distribution.publish',
  }),
  /**
   * A link below which a router finds files of a directory, each once: the path is that of a directory. Errors:
   * DISTRIBUTION_NOT_FOUND and DISTRIBUTION_REFUSED name the files that are not there or break a rule;
   * DISTRIBUTION_UNSETTLED: somebody is still copying one into the store.
   */
  openRepository: defineRpc('distribution', 'repository.open', {
    request: strict({
      directory: Text,
      files: Type.Array(Text, { minItems: 1, maxItems: 1_000 }),
      expiresInS: ExpiresInS,
      /** Who fetches, for the record: `job 118, router edge1`. */
      reader: Text,
    }),
    reply: LinkReply,
    permission: 'internal',
  }),
} as const satisfies Record<string, Rpc>

/** Prefix of downloads. Source: distribution guide, "Request line". */
export const downloadPrefix = '/download'

/** What a client of `/download` is told. */
export interface DownloadFailure {
  readonly status: number
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * An error in the words of the distribution guide, "Status codes": 403 for whoever is not authenticated, without a
 * challenge; 404 for everything that is not there. Nothing tells of paths.
 */
export function downloadFailure(error: SlipwayError): DownloadFailure {
  const plain = (status: number, message: string, headers = {}) => ({ status, message, headers })
  switch (error.kind) {
    case 'Unauthenticated':
    case 'NotAuthorized':
      return plain(403, 'Forbidden')
    case 'Throttled':
      return plain(429, error.message, { 'retry-after': String(error.params[0] ?? 60) })
    case 'Unavailable':
    case 'Timeout':
      return plain(503, error.message, { 'retry-after': '2' })
    case 'Internal':
      return plain(500, error.message)
    default:
      if (error.code === 'ROUTE_METHOD_NOT_ALLOWED') return plain(405, error.message, { allow: 'GET, HEAD' })
      return plain(404, 'Not Found')
  }
}
