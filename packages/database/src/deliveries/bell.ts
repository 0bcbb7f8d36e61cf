/** Wakes a loop that rests. Rung while the loop is at work, the next rest ends at once. */
export interface Bell {
  ring(): void
  /** True if it was rung since the last reset. */
  rung(): boolean
  reset(): void
  /** Rests until somebody rings, at most `ms`. */
  wait(ms: number): Promise<void>
  /** Rests for `ms`, whoever rings; only `close` ends it. */
  pause(ms: number): Promise<void>
  /** Ends every rest, now and from now on. */
  close(): void
}

export function createBell(): Bell {
  let rung = false
  let closed = false
  let wake: (() => void) | undefined
  let patient = false

  const rest = (ms: number, untilRung: boolean): Promise<void> =>
    new Promise((resolve) => {
      if (closed || (untilRung && rung)) return resolve()
      const end = (): void => {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
      const timer = setTimeout(end, ms)
      patient = !untilRung
      wake = end
    })

  return {
    ring: () => {
      rung = true
      if (!patient) wake?.()
    },
    rung: () => rung,
    reset: () => {
      rung = false
    },
    wait: (ms) => rest(ms, true),
    pause: (ms) => rest(ms, false),
    close: () => {
      closed = true
      wake?.()
    },
  }
}
