import { type Database, inTransaction, type Transaction } from '../database.ts'
import type { signing_key as KeyRecord } from '../generated/client.ts'
import type { SigningKey } from './signing-key.ts'

export interface KeyStore {
  /** The current key first, then those retired at this time or later, the newest first. */
  list(retiredSince: Date): Promise<SigningKey[]>
  current(): Promise<SigningKey | undefined>
  /**
   * Puts a new key in the place of the current one, if `decide` wants it when no other replica can interfere.
   * Keys retired before `forgetBefore` are removed.
   * @returns the key that is current afterwards
   */
  replace(
    decide: (current: SigningKey | undefined) => Promise<SigningKey | undefined>,
    forgetBefore: Date,
  ): Promise<SigningKey | undefined>
}

const ALGORITHM = 'ES256'

export function createKeyStore(db: Database): KeyStore {
  return {
    async list(retiredSince) {
      const records = await db.signing_key.findMany({
        where: { OR: [{ retired_at: null }, { retired_at: { gte: retiredSince } }] },
        orderBy: { retired_at: { sort: 'desc', nulls: 'first' } },
      })
      return records.map(toKey)
    },
    current: () => readCurrent(db),
    replace: (decide, forgetBefore) =>
      inTransaction(db, async (tx) => {
        // Replicas that start or rotate at the same time make one key, not one each.
        await tx.$executeRaw`LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE`
        const current = await readCurrent(tx)
        const next = await decide(current)
        if (next === undefined) return current
        await tx.signing_key.updateMany({ where: { retired_at: null }, data: { retired_at: next.createdAt } })
        await tx.signing_key.deleteMany({ where: { retired_at: { lt: forgetBefore } } })
        await tx.signing_key.create({
          data: {
            kid: next.kid,
            algorithm: ALGORITHM,
            public_pem: next.publicPem,
            sealed_private_pem: next.sealedPrivatePem,
            created_at: next.createdAt,
          },
        })
        return next
      }),
  }
}

async function readCurrent(db: Pick<Transaction, 'signing_key'>): Promise<SigningKey | undefined> {
  const record = await db.signing_key.findFirst({ where: { retired_at: null } })
  return record === null ? undefined : toKey(record)
}

function toKey(record: KeyRecord): SigningKey {
  return {
    kid: record.kid,
    publicPem: record.public_pem,
    sealedPrivatePem: record.sealed_private_pem,
    createdAt: record.created_at,
    retiredAt: record.retired_at ?? undefined,
  }
}
