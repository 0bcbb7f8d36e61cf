// Rounds of work, one at a time: woken during one, another follows; one that fails is tried again after a pause.

export interface Rounds {
  wake(): void
  stop(): void
}

/** @param round resolves to true if another is to follow at once */
export function createRounds(
  round: () => Promise<boolean>,
  { failed, retryMs }: { failed: (error: unknown) => void; retryMs: number },
): Rounds {
  let running = false
  let again = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  async function run(): Promise<void> {
    while (again && !stopped) {
      again = false
      if (await round()) again = true
    }
  }
  function pause(error: unknown): void {
    if (stopped) return
    failed(error)
    timer = setTimeout(() => {
      timer = undefined
      wake()
    }, retryMs).unref()
  }
  function wake(): void {
    again = true
    if (running || stopped || timer !== undefined) return
    running = true
    run()
      .catch(pause)
      .finally(() => {
        running = false
        if (again) wake()
      })
  }
  return {
    wake,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
