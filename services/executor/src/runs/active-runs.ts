// The runs in the hands of this process: their leases as this machine's clocks see them, and how to stop them.
import type { Clock } from '@slipway/service-kit'
import { type LeaseEnd, leaseHolds } from './lease.ts'
import type { Run } from './run.ts'
import { createRunControl, type RunControl, runInterrupted } from './run-control.ts'

export interface ActiveRun {
  readonly run: Run
  readonly control: RunControl
  /** By this machine's clocks; replaced at each renewal. */
  leaseEnd: LeaseEnd
  /**
   * Throws unless the lease surely holds. To be called in the same synchronous turn as the write to the socket:
   * a process may have been suspended since the journal was written.
   */
  assertLease(): void
  /** Resolves when the run is over, however it ended. */
  ended: Promise<void>
}

export type ActiveRuns = ReturnType<typeof createActiveRuns>

export function createActiveRuns(clock: Clock, marginMs: number) {
  const runs = new Map<number, ActiveRun>()
  return {
    count: () => runs.size,
    all: () => [...runs.values()],
    find: (jobId: number) => runs.get(jobId),

    /** Takes a run in. Its work begins with `perform`, whose end frees the place. */
    begin(run: Run, leaseEnd: LeaseEnd, perform: (active: ActiveRun) => Promise<void>): ActiveRun {
      const control = createRunControl()
      if (run.cancelledBy !== undefined) control.cancel({ by: run.cancelledBy })
      const active: ActiveRun = {
        run,
        control,
        leaseEnd,
        ended: Promise.resolve(),
        assertLease() {
          if (leaseHolds(clock, active.leaseEnd, marginMs)) return
          control.interrupt('lost')
          throw runInterrupted('lost')
        },
      }
      runs.set(run.jobId, active)
      active.ended = perform(active).finally(() => {
        if (runs.get(run.jobId) === active) runs.delete(run.jobId)
      })
      return active
    },
  }
}
