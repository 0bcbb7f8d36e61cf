// What an action remembers of a host for a later one: the operation of a tar file's Add, ISIS neighbours before an
// upgrade. It is a help, never the record of what a router has.
import type { Db } from '../executor-store.ts'

export type HostContextStore = ReturnType<typeof createHostContextStore>

export function createHostContextStore(db: Db) {
  return {
    /** The last value under a key and when it was kept. */
    async get(hostId: string, key: string): Promise<{ value: unknown; recordedAt: Date } | undefined> {
      const rows = await db.$queryRaw<{ value: unknown; recorded_at: Date }[]>`
        SELECT value, recorded_at FROM host_context WHERE host_id = ${hostId}::uuid AND key = ${key}`
      const row = rows[0]
      return row === undefined ? undefined : { value: row.value, recordedAt: row.recorded_at }
    },

    async set(hostId: string, key: string, value: object): Promise<void> {
      await db.$executeRaw`
        INSERT INTO host_context (host_id, key, value) VALUES (${hostId}::uuid, ${key}, ${JSON.stringify(value)}::jsonb)
        ON CONFLICT (host_id, key) DO UPDATE SET value = excluded.value, recorded_at = now()`
    },
  }
}
