// argon2id, at most two at once: they run in the thread pool that file reads share, and each takes 19 MiB.
import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { createSlots } from './slots.ts'

/** OWASP's first choice for argon2id; about 15 ms. Stored hashes carry their own parameters. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const atOnce = 2

export interface PasswordHasher {
  /** Rejects with the signal's reason if it is aborted while waiting for room. */
  hash(password: string, signal?: AbortSignal): Promise<string>
  /**
   * Runs `work` when there is room for one more verification; in it `matches` may be called. Waiting is part of the
   * turn, so that what was learnt meanwhile can be looked at before the costly part.
   */
  inTurn<T>(signal: AbortSignal, work: (matches: Matches) => Promise<T>): Promise<T>
}

/** True if the password is that of the hash; without a hash it takes as long and is never true. */
export type Matches = (passwordHash: string | undefined, password: string) => Promise<boolean>

/** Makes the hasher; takes the time of one hash. @param argon2 replaced where its calls are to be counted */
export async function createPasswordHasher(argon2 = { hash, verify }): Promise<PasswordHasher> {
  const dummy = await argon2.hash(randomBytes(32), cost)
  const slots = createSlots(atOnce)
  const matches: Matches = async (passwordHash, password) => {
    const right = await argon2.verify(passwordHash ?? dummy, password)
    return passwordHash !== undefined && right
  }
  return {
    hash: (password, signal) => slots.run(signal, () => argon2.hash(password, cost)),
    inTurn: (signal, work) => slots.run(signal, () => work(matches)),
  }
}
