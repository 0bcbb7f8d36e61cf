// One import at a time, across replicas: a lock that belongs to a database session and goes with it, so that nobody has
// to notice when the process that holds it is gone.
import { withClient } from '@slipway/database'
import type { DatabaseConnection } from '@slipway/service-kit'

/** Any two numbers that no other advisory lock of this database has (two-key space). */
const IMPORT_LOCK = [7_211, 1] as const

export interface ImportLock {
  /** Aborted when the session broke and somebody else may hold the lock. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** Takes the lock if nobody holds it. The connection stays open as long as it is held. */
export function takeImportLock(connection: DatabaseConnection): Promise<ImportLock | undefined> {
  return new Promise((resolve, reject) => {
    const session = withClient(connection, async (client) => {
      const { rows } = await client.query<{ taken: boolean }>(
        'SELECT pg_try_advisory_lock($1, $2) AS taken',
        [...IMPORT_LOCK],
      )
      if (rows[0]?.taken !== true) return resolve(undefined)
      const lost = new AbortController()
      client.once('end', () => lost.abort())
      await new Promise<void>((released) => {
        resolve({
          lost: lost.signal,
          release: async () => {
            released()
            await session
          },
        })
      })
    })
    session.catch(reject)
  })
}
