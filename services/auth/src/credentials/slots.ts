/** Room for a number of works at once; others wait in the order of their coming. */
export interface Slots {
  /** Runs `work` when there is room. Rejects with the signal's reason if it is aborted while waiting. */
  run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>
}

export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>()
  let free = count

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (free > 0) {
      free -= 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const give = () => {
        signal?.removeEventListener('abort', abandon)
        resolve()
      }
      const abandon = () => {
        waiting.delete(give)
        reject(signal?.reason)
      }
      waiting.add(give)
      signal?.addEventListener('abort', abandon, { once: true })
    })
  }

  /** The place goes to the next one directly, so nobody can slip in between. */
  function leave(): void {
    const [next] = waiting
    if (next === undefined) free += 1
    else {
      waiting.delete(next)
      next()
    }
  }

  return {
    async run(signal, work) {
      await enter(signal)
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
