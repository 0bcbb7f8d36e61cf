/** Time as an argument, so that rules about time can be tested without waiting. */
export interface Clock {
  /** Wall clock. */
  now(): Date
  /** Milliseconds of a clock that never jumps (but stands still for no one: a suspended process sees it move). */
  monotonicMs(): number
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
}
