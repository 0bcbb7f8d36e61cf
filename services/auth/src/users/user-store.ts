import type { Privilege } from '@slipway/contracts'
import { type Database, inTransaction } from '../database.ts'
import type { user as UserRecord } from '../generated/client.ts'
import type { User } from './user.ts'

export interface UserStore {
  /** @param key see usernameKey */
  find(key: string): Promise<User | undefined>
  /** Makes the first user of all; false if there is any. */
  insertFirst(key: string, user: User): Promise<boolean>
  /** Changes a user under its lock; undefined if there is none of this name. */
  change(key: string, decide: (user: User) => User): Promise<User | undefined>
  /** Users whose epoch was raised at this time or later. */
  listChangedSince(moment: Date): Promise<User[]>
}

export function createUserStore(db: Database): UserStore {
  return {
    async find(key) {
      const record = await db.user.findUnique({ where: { username_key: key } })
      return record === null ? undefined : toUser(record)
    },
    async insertFirst(key, user) {
      const inserted = await db.$executeRaw`
        INSERT INTO "user" (id, username, username_key, password_hash, privilege, fullname, email, active, epoch,
                            created_at, changed_at)
        SELECT ${user.id}::uuid, ${user.username}, ${key}, ${user.passwordHash}, ${user.privilege},
               ${user.fullname}, ${user.email}, ${user.active}, ${user.epoch}::int,
               ${user.changedAt}::timestamptz, ${user.changedAt}::timestamptz
         WHERE NOT EXISTS (SELECT 1 FROM "user")
        ON CONFLICT DO NOTHING`
      return inserted === 1
    },
    change: (key, decide) =>
      inTransaction(db, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM "user" WHERE username_key = ${key} FOR UPDATE`
        const record = await tx.user.findUnique({ where: { username_key: key } })
        if (record === null) return undefined
        const { id, ...changed } = decide(toUser(record))
        await tx.user.update({
          where: { id },
          data: {
            password_hash: changed.passwordHash,
            privilege: changed.privilege,
            fullname: changed.fullname,
            email: changed.email,
            active: changed.active,
            epoch: changed.epoch,
            changed_at: changed.changedAt,
          },
        })
        return { id, ...changed }
      }),
    async listChangedSince(moment) {
      const records = await db.user.findMany({ where: { changed_at: { gte: moment } } })
      return records.map(toUser)
    },
  }
}

function toUser(record: UserRecord): User {
  return {
    id: record.id,
    username: record.username,
    passwordHash: record.password_hash,
    // Written from the closed list only; answers are checked against their contract on the way out.
    privilege: record.privilege as Privilege,
    fullname: record.fullname,
    email: record.email,
    active: record.active,
    epoch: record.epoch,
    changedAt: record.changed_at,
  }
}
