import type { FirstAnswer } from '@slipway/contracts'
import type { Db } from '../scheduler-store.ts'
import { forgottenBefore, type KeyedRequest } from './idempotency.ts'

/** What is kept of a request; `fingerprint` tells whether it is the same one. */
export interface KeptAnswer extends FirstAnswer {
  readonly fingerprint: string
}

/** The answer kept for a key that is not too old. */
export async function readAnswer(
  db: Db,
  { username, key }: KeyedRequest,
  now: Date,
): Promise<KeptAnswer | undefined> {
  const rows = await db.$queryRaw<KeptAnswer[]>`
    SELECT fingerprint, phase, rows FROM idempotency_key
     WHERE username = ${username} AND key = ${key} AND created_at > ${forgottenBefore(now)}::timestamptz`
  return rows[0]
}

/**
 * Takes a key for the transaction's own request. Of two requests at once the later one waits here for the end of the
 * first: its key is taken if the first was rolled back, else not.
 * @returns false if the key is another's
 */
export async function takeKey(
  tx: Db,
  { username, key, fingerprint }: KeyedRequest,
  now: Date,
): Promise<boolean> {
  await tx.$executeRaw`
    DELETE FROM idempotency_key
     WHERE username = ${username} AND key = ${key} AND created_at <= ${forgottenBefore(now)}::timestamptz`
  const taken = await tx.$executeRaw`
    INSERT INTO idempotency_key (username, key, fingerprint, phase, rows, created_at)
    VALUES (${username}, ${key}, ${fingerprint}, 'creation', '[]', ${now}::timestamptz)
    ON CONFLICT (username, key) DO NOTHING`
  return taken === 1
}

/** Writes the answer for a key that the transaction took. */
export async function keepAnswer(
  tx: Db,
  { username, key }: KeyedRequest,
  answer: FirstAnswer,
): Promise<void> {
  await tx.$executeRaw`
    UPDATE idempotency_key SET phase = ${answer.phase}, rows = ${JSON.stringify(answer.rows)}::json
     WHERE username = ${username} AND key = ${key}`
}

/** Removes what is too old. */
export async function forgetAnswers(db: Db, now: Date): Promise<void> {
  await db.$executeRaw`DELETE FROM idempotency_key WHERE created_at <= ${forgottenBefore(now)}::timestamptz`
}
