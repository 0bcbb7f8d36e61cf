// How a run is told to stop. Reading and waiting stop at once; a mutating command and its dialogue are finished
// first, so that no question of a router is left without an answer.

/**
 * revoked: nobody wants the job any more; the run fails at its next step.
 * handover: this executor stops; another one goes on.
 * lost: the lease is gone, somebody else has the run or will have it; nothing may be written any more.
 */
export type Interrupt = 'revoked' | 'handover' | 'lost'

/** Thrown out of a run that was interrupted; says why. */
export interface RunInterrupted extends Error {
  readonly code: 'RUN_INTERRUPTED'
  readonly interrupt: Interrupt
}

export interface RunControl {
  /** Aborts on the first interrupt; for reads and waits. */
  readonly signal: AbortSignal
  /** Why the run is to stop, if it is. A lost lease outweighs any other reason. */
  readonly interrupted: () => Interrupt | undefined
  readonly interrupt: (reason: Interrupt) => void
  /** Throws RUN_INTERRUPTED if the run is to stop. */
  readonly check: () => void
}

export function createRunControl(): RunControl {
  const controller = new AbortController()
  let interrupted: Interrupt | undefined
  return {
    signal: controller.signal,
    interrupted: () => interrupted,
    interrupt(reason) {
      if (interrupted === undefined || reason === 'lost') interrupted = reason
      controller.abort()
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
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      control.signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    control.signal.addEventListener('abort', done)
  })
  control.check()
}
