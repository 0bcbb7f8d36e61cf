import type { DistributionName } from '@slipway/contracts'
import type { Database } from '../database.ts'

/** One file of a link. */
export interface LinkFile extends DistributionName {
  readonly createdBy: string
}

export interface NewLink {
  readonly tokenHash: string
  readonly directory: string
  readonly files: readonly string[]
  readonly uses: number
  readonly expiresInS: number
  readonly createdBy: string
}

export interface LinkStore {
  /** Answers when it expires, by the database's clock. */
  insert(link: NewLink): Promise<Date>
  /** What the link leads to; undefined if it does not exist, has expired or is used up. */
  find(tokenHash: string, file: string): Promise<LinkFile | undefined>
  /** Counts a download that begins; false if none is left. Atomic. */
  countUse(tokenHash: string, file: string): Promise<boolean>
  /** Counts a download that goes on; false if it may not. Atomic. */
  countResume(tokenHash: string, file: string): Promise<boolean>
  removeExpired(): Promise<void>
}

/** A broken download may be gone on with so often, for each use. Source: docs/adr/0010. */
export const resumesPerUse = 20

export function createLinkStore(db: Database): LinkStore {
  return {
    async insert({ tokenHash, directory, files, uses, expiresInS, createdBy }) {
      const [row] = await db.$queryRaw<{ expires_at: Date }[]>`
        INSERT INTO link (token_hash, directory, file, uses, used, resumed, expires_at, created_by, created_at)
        SELECT ${tokenHash}, ${directory}, file, ${uses}::int, 0, 0,
               now() + make_interval(secs => ${expiresInS}::int), ${createdBy}, now()
          FROM unnest(${[...files]}::text[]) AS file
        RETURNING expires_at`
      if (row === undefined) throw new Error('a link to no file')
      return row.expires_at
    },
    async find(tokenHash, file) {
      const [row] = await db.$queryRaw<{ directory: string; file: string; created_by: string }[]>`
        SELECT directory, file, created_by FROM link
         WHERE token_hash = ${tokenHash} AND file = ${file} AND expires_at > now()
           AND (used < uses OR (used > 0 AND resumed < used * ${resumesPerUse}::int))`
      return row && { directory: row.directory, file: row.file, createdBy: row.created_by }
    },
    async countUse(tokenHash, file) {
      const changed = await db.$executeRaw`
        UPDATE link SET used = used + 1
         WHERE token_hash = ${tokenHash} AND file = ${file} AND expires_at > now() AND used < uses`
      return changed === 1
    },
    async countResume(tokenHash, file) {
      const changed = await db.$executeRaw`
        UPDATE link SET resumed = resumed + 1
         WHERE token_hash = ${tokenHash} AND file = ${file} AND expires_at > now()
           AND used > 0 AND resumed < used * ${resumesPerUse}::int`
      return changed === 1
    },
    async removeExpired() {
      await db.$executeRaw`DELETE FROM link WHERE expires_at < now() - interval '1 hour'`
    },
  }
}
