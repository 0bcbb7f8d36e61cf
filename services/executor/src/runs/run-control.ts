// How a run is told to stop. Reading and waiting stop at once; a mutating command and its dialogue are finished
// first, so that no question of a router is left without an answer.

/**
 * cancelled: somebody wants it stopped; what it began on the router is stopped too, and the run fails.
 * handover: this executor stops; another one goes on.
 * lost: the lease is gone, somebody else has the run or will have it; nothing may be written any more.
 */
export type Interrupt = 'cancelled' | 'handover' | 'lost'

/** Whoever stands further down outweighs the others. */
const WEIGHT: Readonly<Record<Interrupt, number>> = { cancelled: 1, handover: 2, lost: 3 }

/** Who wants a run stopped; nobody in particular if what it works on is going away. */
export interface Cancellation {
  readonly by: string | undefined
}

/** Thrown out of a run that was interrupted; says why. */
export interface RunInterrupted extends Error {
  readonly code: 'RUN_INTERRUPTED'
  readonly interrupt: Interrupt
}

export interface RunControl {
  /** Aborts on an interrupt; for reads and waits. Another one after `acceptCancel`, so ask for it anew each time. */
  readonly signal: AbortSignal
  /** Why the run is to stop, if it is. */
  readonly interrupted: () => Interrupt | undefined
  readonly interrupt: (reason: 'handover' | 'lost') => void
  /** The first cancellation stands. */
  readonly cancel: (cancellation: Cancellation) => void
  /** Who cancelled the run, if anybody did, accepted or not. */
  readonly cancellation: () => Cancellation | undefined
  /** The work has stopped because of the cancellation; what is left to do on the router goes on undisturbed by it. */
  readonly acceptCancel: () => void
  /** Throws RUN_INTERRUPTED if the run is to stop. */
  readonly check: () => void
}

export function createRunControl(): RunControl {
  let controller = new AbortController()
  let interrupted: Interrupt | undefined
  let cancellation: Cancellation | undefined
  const stop = (reason: Interrupt) => {
    if (interrupted === undefined || WEIGHT[reason] > WEIGHT[interrupted]) interrupted = reason
    controller.abort()
  }
  return {
    get signal() {
      return controller.signal
    },
    interrupted: () => interrupted,
    interrupt: stop,
    cancel(wanted) {
      if (cancellation !== undefined) return
      cancellation = wanted
      stop('cancelled')
    },
    cancellation: () => cancellation,
    acceptCancel() {
      if (interrupted !== 'cancelled') return
      interrupted = undefined
      controller = new AbortController()
    },
    check() {
      if (interrupted !== undefined) throw runInterrupted(interrupted)
    },
  }
}

export function runInterrupted(interrupt: Interrupt): RunInterrupted {
  const error = new Error(`the run was interrupted: ${interrupt}`)
  return Object.assign(error, { code: 'RUN_INTERRUPTED', interrupt } as const)
}

export function isRunInterrupted(error: unknown): error is RunInterrupted {
  return error instanceof Error && 'code' in error && error.code === 'RUN_INTERRUPTED'
}

/** Waits, unless the run is interrupted. */
export async function pauseRun(control: RunControl, ms: number): Promise<void> {
  control.check()
  const { signal } = control
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
  control.check()
}
