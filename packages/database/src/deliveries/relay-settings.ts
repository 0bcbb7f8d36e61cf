import { type Log, silentLog } from '../log.ts'
import type { SqlExecutor } from './sql-executor.ts'

/** What `send` is given. */
export interface OutgoingDelivery {
  /** The same at every attempt: the receiver records it. */
  readonly id: string
  readonly subject: string
  readonly payload: unknown
  /** Aborted when the attempt has taken too long or the relay stops. */
  readonly signal: AbortSignal
}

export interface Backoff {
  /** Pause before the second attempt; doubled at each further one. */
  readonly firstMs: number
  readonly longestMs: number
}

export interface RelayOptions {
  /** Pool or Prisma client of the database with the outbox. */
  readonly db: SqlExecutor
  /** Sends and resolves when the receiver answered *recorded*; a rejection is tried again later. */
  readonly send: (delivery: OutgoingDelivery) => Promise<void>
  /** Deliveries under way at most; default 100. */
  readonly batch?: number
  /** An attempt that takes longer has failed; default 10 s. */
  readonly sendTimeoutMs?: number
  /** Default 200 ms up to 10 s, give or take a fifth by chance. */
  readonly backoff?: Backoff
  /** How often to look for rows nobody kicked for (a process killed after its commit); default 30 s. */
  readonly sweepMs?: number
  readonly log?: Log
}

export interface RelaySettings extends Required<Omit<RelayOptions, 'backoff'>> {
  /** How long a claimed row is ours: an attempt, and time to write down how it ended. */
  readonly leaseMs: number
  /** Pause after so many attempts. */
  pauseMs(attempts: number): number
}

const LEASE_MARGIN_MS = 20_000

export function relaySettings(options: RelayOptions): RelaySettings {
  const { backoff = { firstMs: 200, longestMs: 10_000 }, sendTimeoutMs = 10_000, ...rest } = options
  return {
    batch: 100,
    sweepMs: 30_000,
    log: silentLog,
    ...rest,
    sendTimeoutMs,
    leaseMs: sendTimeoutMs + LEASE_MARGIN_MS,
    pauseMs: (attempts) => pauseMs(attempts, backoff),
  }
}

/** Doubling pauses. Chance keeps replicas that failed together from returning together. */
export function pauseMs(attempts: number, { firstMs, longestMs }: Backoff): number {
  const plain = Math.min(firstMs * 2 ** Math.min(attempts - 1, 30), longestMs)
  return Math.round(plain * (0.8 + Math.random() * 0.4))
}
