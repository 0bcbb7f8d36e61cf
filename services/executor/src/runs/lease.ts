// The owner's own view of its lease. Both clocks count: the monotonic one stands still while a machine is suspended,
// the wall clock may be set back. Both ends are taken before the database is asked, so they are never too late.
import type { Clock } from '@slipway/service-kit'

/** When a lease ends by this machine's clocks. */
export interface LeaseEnd {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** The end of a lease that is about to be asked for. Call it before the statement is sent. */
export function leaseEndFrom(clock: Clock, leaseMs: number): LeaseEnd {
  return { monotonicMs: clock.monotonicMs() + leaseMs, wallMs: clock.now().getTime() + leaseMs }
}

/** True while the lease surely holds, `marginMs` before its end at the latest. Synchronous: same turn as the write. */
export function leaseHolds(clock: Clock, end: LeaseEnd, marginMs: number): boolean {
  return clock.monotonicMs() < end.monotonicMs - marginMs && clock.now().getTime() < end.wallMs - marginMs
}
