// Failed logins are counted per account and address, and per address; too many within a minute, and nothing more is
// tried there for a while. Source: the REST contract, section 2. Memory is bounded: the entries touched longest ago
// go first, which only an attacker with very many addresses can bring about.
import { createError } from '@slipway/contracts'

export const windowMs = 60_000
export const limitPerAccount = 10
export const limitPerAddress = 100
const mostAccounts = 20_000
const mostAddresses = 5_000

export interface Throttle {
  /** Error: AUTH_THROTTLED with the seconds after which the next attempt may be made. */
  check(account: string, address: string): void
  failed(account: string, address: string): void
  /** Forgets the failures of this account at this address. @returns true if there were any */
  succeeded(account: string, address: string): boolean
}

/** @param nowMs a clock that never jumps */
export function createThrottle(nowMs: () => number): Throttle {
  const accounts = createFailures(limitPerAccount, mostAccounts, nowMs)
  const addresses = createFailures(limitPerAddress, mostAddresses, nowMs)
  // An address holds no blank, so no two pairs look alike.
  const pair = (account: string, address: string) => `${address} ${account}`
  return {
    check(account, address) {
      const waitMs = Math.max(accounts.waitMs(pair(account, address)), addresses.waitMs(address))
      if (waitMs > 0) throw createError('AUTH_THROTTLED', [Math.ceil(waitMs / 1_000)])
    },
    failed(account, address) {
      const at = nowMs()
      accounts.add(pair(account, address), at)
      addresses.add(address, at)
    },
    succeeded(account, address) {
      // Only what this account added: whoever knows one password must not clear the slate for guessing others.
      const taken = accounts.take(pair(account, address))
      addresses.forget(address, taken)
      return taken.length > 0
    },
  }
}

interface Failures {
  /** Until the next attempt may be made; 0 if it may be made now. */
  waitMs(key: string): number
  add(key: string, at: number): void
  /** Removes and returns all times of a key. */
  take(key: string): number[]
  /** Removes these times, each once. */
  forget(key: string, times: readonly number[]): void
}

function createFailures(limit: number, most: number, nowMs: () => number): Failures {
  /** Times of failures, oldest first; keys in the order of their last failure. */
  const times = new Map<string, number[]>()
  const recent = (key: string): number[] => {
    const since = nowMs() - windowMs
    return (times.get(key) ?? []).filter((at) => at > since)
  }
  const put = (key: string, list: number[]): void => {
    times.delete(key)
    if (list.length > 0) times.set(key, list)
  }
  return {
    waitMs(key) {
      const oldestThatCounts = recent(key).at(-limit)
      return oldestThatCounts === undefined ? 0 : oldestThatCounts + windowMs - nowMs()
    },
    add(key, at) {
      put(key, [...recent(key), at].slice(-limit))
      const [oldest] = times.keys()
      if (times.size > most && oldest !== undefined) times.delete(oldest)
    },
    take(key) {
      const taken = times.get(key) ?? []
      times.delete(key)
      return taken
    },
    forget(key, gone) {
      const list = recent(key)
      for (const at of gone) {
        const index = list.indexOf(at)
        if (index !== -1) list.splice(index, 1)
      }
      // In place: forgetting is no failure, the order of keys stays.
      if (list.length > 0) times.set(key, list)
      else times.delete(key)
    },
  }
}
