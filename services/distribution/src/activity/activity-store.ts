import type { DistributionName } from '@slipway/contracts'
import type { Database } from '../database.ts'
import type { Activity } from './activity.ts'

export interface ActivityStore {
  add(entries: readonly Activity[]): Promise<void>
  /** The latest first. */
  list(name: DistributionName, limit: number): Promise<Activity[]>
  /** Drops the oldest beyond so many. */
  trim(keep: number): Promise<void>
}

export function createActivityStore(db: Database): ActivityStore {
  return {
    async add(entries) {
      // One text instead of thousands of parameters: of a small download, recording it was the dearest part.
      const rows = JSON.stringify(entries.map(toRow))
      await db.$executeRaw`
        INSERT INTO activity (at, kind, directory, file, sha256, actor, address, bytes, complete)
        SELECT * FROM json_to_recordset(${rows}::json)
            AS entry (at timestamptz, kind text, directory text, file text, sha256 text, actor text, address text,
                      bytes bigint, complete boolean)`
    },
    async list({ directory, file }, take) {
      const rows = await db.activity.findMany({ where: { directory, file }, orderBy: { id: 'desc' }, take })
      return rows.map((row) => ({
        at: row.at,
        kind: row.kind,
        name: { directory, file },
        sha256: row.sha256,
        actor: row.actor,
        address: row.address,
        bytes: Number(row.bytes),
        complete: row.complete,
      }))
    },
    async trim(keep) {
      // By id: one look into the primary key, however long the history is.
      await db.$executeRaw`
        DELETE FROM activity
         WHERE id <= (SELECT id FROM activity ORDER BY id DESC OFFSET ${keep}::int LIMIT 1)`
    },
  }
}

/** Names are those of columns. */
function toRow({ at, kind, name: { directory, file }, sha256, actor, address, bytes, complete }: Activity) {
  return { at, kind, directory, file, sha256, actor, address, bytes, complete }
}
