import type { Epoch, Privilege } from '@slipway/contracts'
import { type Database, inTransaction, type Transaction } from '../database.ts'
import type { user as UserRecord } from '../generated/client.ts'
import { keyOf, toEpoch, type User } from './user.ts'
import type { Roster } from './user-plan.ts'

export interface UserStore {
  /** @param key see usernameKey */
  find(key: string): Promise<User | undefined>
  /** All users, by name. */
  list(): Promise<User[]>
  count(): Promise<number>
  /** Makes the first user of all; false if there is any. */
  insertFirst(user: User): Promise<boolean>
  /** Runs `work` in a transaction during which nobody else changes users. @param keys of the users to be read */
  change<A>(keys: readonly string[], work: (change: UserChanges) => Promise<A>): Promise<A>
  /** Epochs raised, and users deleted, at this time or later. */
  listEpochsSince(moment: Date): Promise<Epoch[]>
}

export interface UserChanges extends Roster {
  /** Inserts new users, updates the others. */
  save(users: readonly User[]): Promise<void>
  /** Removes a user; his name keeps its epoch until `forgetBefore` has passed it. */
  remove(user: User, deletedAt: Date, forgetBefore: Date): Promise<void>
}

export function createUserStore(db: Database): UserStore {
  return {
    async find(key) {
      const record = await db.user.findUnique({ where: { username_key: key } })
      return record === null ? undefined : toUser(record)
    },
    async list() {
      return (await db.user.findMany({ orderBy: { username_key: 'asc' } })).map(toUser)
    },
    count: () => db.user.count(),
    async insertFirst(user) {
      const inserted = await db.$executeRaw`
        INSERT INTO "user" (id, username, username_key, password_hash, privilege, fullname, email, active, epoch,
                            created_by, created_at, changed_at)
        SELECT ${user.id}::uuid, ${user.username}, ${keyOf(user)}, ${user.passwordHash}, ${user.privilege},
               ${user.fullname}, ${user.email}, ${user.active}, ${user.epoch}::int,
               ${user.createdBy}, ${user.createdAt}::timestamptz, ${user.changedAt}::timestamptz
         WHERE NOT EXISTS (SELECT 1 FROM "user")
        ON CONFLICT DO NOTHING`
      return inserted === 1
    },
    change: (keys, work) =>
      inTransaction(db, async (tx) => {
        // Whoever is the last Admin is a fact about all rows, so changes go one after the other; readers do not wait.
        await tx.$executeRaw`LOCK TABLE "user" IN SHARE ROW EXCLUSIVE MODE`
        const roster = await readRoster(tx, keys)
        return work({
          ...roster,
          save: (users) => save(tx, users),
          remove: (user, deletedAt, forgetBefore) => remove(tx, user, deletedAt, forgetBefore),
        })
      }),
    async listEpochsSince(moment) {
      const users = await db.user.findMany({ where: { changed_at: { gte: moment } } })
      const deleted = await db.deleted_user.findMany({ where: { deleted_at: { gte: moment } } })
      return [
        ...users.map((record) => toEpoch(toUser(record))),
        ...deleted.map(({ username, epoch, deleted_at }) =>
          toEpoch({ username, epoch, active: false, changedAt: deleted_at }),
        ),
      ]
    },
  }
}

async function readRoster(tx: Transaction, keys: readonly string[]): Promise<Roster> {
  const users = await tx.$queryRaw<
    UserRecord[]
  >`SELECT * FROM "user" WHERE username_key = ANY(${keys}::text[])`
  const admins = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "user" WHERE privilege = 'Admin' AND active`
  const deleted = await tx.$queryRaw<{ username_key: string; epoch: number }[]>`
    SELECT username_key, epoch FROM deleted_user WHERE username_key = ANY(${keys}::text[])`
  return {
    existing: new Map(users.map((record) => [record.username_key, toUser(record)])),
    activeAdmins: new Set(admins.map(({ id }) => id)),
    deletedEpochs: new Map(deleted.map(({ username_key, epoch }) => [username_key, epoch])),
  }
}

/** All in one statement, however many. */
async function save(tx: Transaction, users: readonly User[]): Promise<void> {
  if (users.length === 0) return
  const rows = JSON.stringify(users.map((user) => ({ ...user, key: keyOf(user) })))
  await tx.$executeRaw`
    INSERT INTO "user" (id, username, username_key, password_hash, privilege, fullname, email, active, epoch,
                        created_by, created_at, changed_at)
    SELECT id, username, key, "passwordHash", privilege, fullname, email, active, epoch,
           "createdBy", "createdAt", "changedAt"
      FROM jsonb_to_recordset(${rows}::jsonb) AS given (
           id uuid, username text, key text, "passwordHash" text, privilege text, fullname text, email text,
           active boolean, epoch int, "createdBy" text, "createdAt" timestamptz, "changedAt" timestamptz)
    ON CONFLICT (id) DO UPDATE
       SET password_hash = excluded.password_hash, privilege = excluded.privilege, fullname = excluded.fullname,
           email = excluded.email, active = excluded.active, epoch = excluded.epoch,
           changed_at = excluded.changed_at`
  await tx.$executeRaw`
    DELETE FROM deleted_user WHERE username_key = ANY(${users.map(keyOf)}::text[])`
}

async function remove(tx: Transaction, user: User, deletedAt: Date, forgetBefore: Date): Promise<void> {
  await tx.user.delete({ where: { id: user.id } })
  await tx.deleted_user.deleteMany({ where: { deleted_at: { lt: forgetBefore } } })
  const record = { username: user.username, epoch: user.epoch + 1, deleted_at: deletedAt }
  await tx.deleted_user.upsert({
    where: { username_key: keyOf(user) },
    create: { username_key: keyOf(user), ...record },
    update: record,
  })
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
    createdBy: record.created_by,
    createdAt: record.created_at,
    changedAt: record.changed_at,
  }
}
