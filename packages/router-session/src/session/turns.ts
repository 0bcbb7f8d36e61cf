import { deviceError } from '../device-error.ts'

/** One at a time, in the order of asking. */
export interface Turns {
  /** Waits for its turn, then does the work. An abort while waiting gives up the turn: DEVICE_ABORTED. */
  take: <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>
}

/** Makes an empty queue. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(work, signal) {
      const turn = last.then(() => {
        if (signal?.aborted) throw deviceError('DEVICE_ABORTED', 'Aborted before the command was sent')
        return work()
      })
      last = turn.catch(() => {})
      return turn
    },
  }
}
