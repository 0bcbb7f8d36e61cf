// Clients send user and password with every request. A password that was verified is remembered for at most five
// seconds: as a hash under a key that only this process has, and only until anything about its user changes.
import { createHmac, randomBytes } from 'node:crypto'
import type { User } from '../users/user.ts'

const rememberedMs = 5_000
const mostEntries = 10_000

export interface VerifiedPasswords {
  /** The user for whom this password was verified a moment ago. */
  find(key: string, password: string): User | undefined
  /** To be taken before the user is read, and given to `remember`. */
  generation(): number
  /** Remembers, unless any user has changed since the generation was taken. */
  remember(key: string, password: string, user: User, generation: number): void
  /** Something about this user changed. */
  drop(key: string): void
}

interface Entry {
  readonly digest: string
  readonly user: User
  readonly until: number
}

/** @param nowMs a clock that never jumps */
export function createVerifiedPasswords(nowMs: () => number): VerifiedPasswords {
  const processKey = randomBytes(32)
  /** One password a user: a second one cannot be right as well. */
  const entries = new Map<string, Entry>()
  let generation = 0
  const digestOf = (key: string, password: string) =>
    createHmac('sha256', processKey)
      .update(JSON.stringify([key, password]))
      .digest('base64')
  return {
    find(key, password) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (entry.until <= nowMs()) {
        entries.delete(key)
        return undefined
      }
      return entry.digest === digestOf(key, password) ? entry.user : undefined
    },
    generation: () => generation,
    remember(key, password, user, since) {
      if (since !== generation) return
      entries.delete(key)
      entries.set(key, { digest: digestOf(key, password), user, until: nowMs() + rememberedMs })
      const [oldest] = entries.keys()
      if (entries.size > mostEntries && oldest !== undefined) entries.delete(oldest)
    },
    drop(key) {
      generation += 1
      entries.delete(key)
    },
  }
}
