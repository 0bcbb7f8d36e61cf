// Tells executors when work is due. After every change, and at the moment at which the next job becomes due, the
// database is asked what is due; if anything is, executors hear `work.ready`. The event is a hint and may be lost:
// the sweep and the executors' own clocks are the safety net.
import type { Log } from '@slipway/database'
import type { Clock } from '@slipway/service-kit'
import type { Outlook } from '../hosts/host.ts'

/** A timer never runs longer: setTimeout overflows at 24.8 days, and clocks may be set. */
const LONGEST_TIMER_MS = 60_000
/** Looks follow each other no faster: changes that come together are announced together. */
const LEAST_PAUSE_MS = 20

export interface WakeDeps {
  lookAhead: (now: Date) => Promise<Outlook>
  announce: () => void
  clock: Pick<Clock, 'now'>
  log: Log
}

export interface Wake {
  /** Something changed: look whether work is due. Never throws. */
  check(): void
  /** Ends when the look under way has ended; announces nothing any more. */
  stop(): Promise<void>
}

export function createWake({ lookAhead, announce, clock, log }: WakeDeps): Wake {
  let state: 'resting' | 'looking' | 'pausing' = 'resting'
  let again = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let looked: Promise<void> = Promise.resolve()

  /** @returns milliseconds until the next job is due */
  const look = async (): Promise<number> => {
    try {
      const now = clock.now()
      const { dueNow, nextDue } = await lookAhead(now)
      if (dueNow && !stopped) announce()
      return nextDue === undefined ? LONGEST_TIMER_MS : nextDue.getTime() - now.getTime()
    } catch (error) {
      log.warn({ err: error }, 'cannot see at the moment whether work is due')
      return LONGEST_TIMER_MS
    }
  }
  const start = (): void => {
    state = 'looking'
    again = false
    looked = look().then((dueInMs) => {
      if (stopped) return
      state = 'pausing'
      timer = setTimeout(rest, LEAST_PAUSE_MS, dueInMs - LEAST_PAUSE_MS)
    })
  }
  const rest = (restMs: number): void => {
    if (again) {
      start()
      return
    }
    state = 'resting'
    timer = setTimeout(start, Math.min(Math.max(restMs, 0), LONGEST_TIMER_MS))
  }
  return {
    check() {
      again = true
      if (stopped || state !== 'resting') return
      clearTimeout(timer)
      start()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await looked
    },
  }
}
