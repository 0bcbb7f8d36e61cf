// The safety net beside exact timers and events: looks now and then for what they may have missed.
import type { Log } from '@slipway/database'
import type { HostService } from '../hosts/host-service.ts'
import type { RunService } from './run-service.ts'
import type { Wake } from './wake.ts'

/** Old rows are removed once in so many sweeps. */
const SWEEPS_PER_TIDY = 360

export interface SweepDeps {
  runs: Pick<RunService, 'sweep'>
  hosts: Pick<HostService, 'tidy'>
  wake: Pick<Wake, 'check'>
  everyMs: number
  log: Log
}

export interface Sweep {
  /** Ends when the sweep under way has ended. */
  stop(): Promise<void>
}

/** Sweeps from now on, one sweep at a time. */
export function createSweep({ runs, hosts, wake, everyMs, log }: SweepDeps): Sweep {
  let stopped = false
  let count = 0
  let sweeping: Promise<void> = Promise.resolve()

  const sweep = async (): Promise<void> => {
    try {
      await runs.sweep()
      if (count % SWEEPS_PER_TIDY === 0) await hosts.tidy()
      count += 1
    } catch (error) {
      log.warn({ err: error }, 'the sweep failed; it is tried again')
    }
    wake.check()
    if (!stopped) timer = setTimeout(next, everyMs)
  }
  const next = (): void => {
    sweeping = sweep()
  }
  let timer = setTimeout(next, everyMs)
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await sweeping
    },
  }
}
