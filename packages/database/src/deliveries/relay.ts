// Sends what is in an outbox until every receiver has answered. Up to `batch` deliveries are under way at a time; a
// free place is filled at once, so one slow receiver does not hold up the others.
import { createAttempts } from './attempts.ts'
import { createBell } from './bell.ts'
import { pauseMs, type RelayOptions, relaySettings } from './relay-settings.ts'
import { claim, nextDueMs } from './relay-store.ts'

/** How late a delivery may be that waits for its next attempt while another is slow. */
const LOOK_AGAIN_MS = 500
const DATABASE_AWAY = { firstMs: 500, longestMs: 10_000 }

export interface Relay {
  /** Something was committed: look now. Never throws, costs nothing when the relay is busy. */
  kick(): void
  /** Resolves when nothing was under way and nothing due at one moment after the call. */
  idle(): Promise<void>
  /** Takes nothing new, waits for what is under way, at most `graceMs` (default 5 s). What is left is sent later. */
  stop(graceMs?: number): Promise<void>
}

/** Starts sending. The outbox must exist: migrate first. */
export function createRelay(options: RelayOptions): Relay {
  const settings = relaySettings(options)
  const { db, log } = settings
  const bell = createBell()
  const attempts = createAttempts(settings, bell.ring)
  const idlers: (() => void)[] = []
  let stopping = false

  /** One look at the outbox. @returns how long to rest if nobody rings */
  const round = async (): Promise<number> => {
    await attempts.flush(db)
    const free = settings.batch - attempts.size()
    const rows = free > 0 ? await claim(db, free, settings.leaseMs) : []
    for (const row of rows) attempts.begin(row)
    if (attempts.size() === 0 && !bell.rung()) for (const resolve of idlers.splice(0)) resolve()
    // With every place taken the next end of an attempt rings.
    if (rows.length === free) return settings.sweepMs
    // What was begun rings soon; only if it does not, it matters when the next one is due.
    if (rows.length > 0) return Math.min(LOOK_AGAIN_MS, settings.sweepMs)
    return Math.min((await nextDueMs(db)) ?? Infinity, settings.sweepMs)
  }

  const run = async (): Promise<void> => {
    let troubles = 0
    while (!stopping) {
      bell.reset()
      try {
        const restMs = await round()
        troubles = 0
        await bell.wait(restMs)
      } catch (error) {
        troubles += 1
        log.warn({ err: error, troubles }, 'the outbox cannot be read at the moment')
        await bell.pause(pauseMs(troubles, DATABASE_AWAY))
      }
    }
  }

  const finished = run()
  const stop = async (graceMs: number): Promise<void> => {
    stopping = true
    bell.close()
    await finished
    await attempts.end(graceMs)
    await attempts.flush(db).catch((error) => log.warn({ err: error }, 'sent deliveries will be sent again'))
    for (const resolve of idlers.splice(0)) resolve()
  }
  let stopped: Promise<void> | undefined
  return {
    kick: bell.ring,
    idle: () =>
      new Promise((resolve) => {
        if (stopping) return resolve()
        idlers.push(resolve)
        bell.ring()
      }),
    stop: (graceMs = 5_000) => {
      stopped ??= stop(graceMs)
      return stopped
    },
  }
}
