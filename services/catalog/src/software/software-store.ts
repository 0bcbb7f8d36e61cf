import type { Database } from '../database.ts'
import type { Entry } from './entry.ts'

/** A release that has been imported. */
export interface Release {
  readonly id: number
  readonly platform: string
  readonly release: string
  /** Raised with every change of its software. */
  readonly version: number
}

export interface SoftwareStore {
  /** All releases, as they are now. */
  releases(): Promise<Release[]>
  /** The entries of a release, and the version to which they belong; undefined if it is gone. */
  entries(releaseId: number): Promise<{ version: number; entries: Entry[] } | undefined>
}

export function createSoftwareStore(db: Database): SoftwareStore {
  return {
    releases: () => db.$queryRaw<Release[]>`SELECT id, platform, release, version FROM release`,
    async entries(releaseId) {
      // One statement, so that version and entries belong together.
      const [found] = await db.$queryRaw<{ version: number; entries: Entry[] }[]>`
        SELECT r.version,
               coalesce((SELECT json_agg(e.content) FROM entry e WHERE e.release_id = r.id), '[]') AS entries
          FROM release r WHERE r.id = ${releaseId}`
      return found
    },
  }
}
