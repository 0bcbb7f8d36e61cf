// Bounded concurrency of one registration. Tasks start in order of arrival; a full queue refuses at once, so that
// a burst costs the callers an error they may retry and not the process its memory.

/** Why a task was not taken. */
export type Refusal = 'full' | 'draining'

export type Refuse = (refusal: Refusal) => void

export interface WorkQueue {
  /** Runs a task now or later, or refuses it when the queue is full or drains. Tasks do not reject. */
  push(task: () => Promise<void>, refuse: Refuse): void
  /** Starts nothing more, refuses what waits, resolves when running tasks are done. */
  drain(): Promise<void>
}

export interface WorkQueueOptions {
  /** Tasks that run at the same time. */
  concurrency: number
  /** Tasks that may wait. */
  maxWaiting: number
}

interface Waiting {
  task: () => Promise<void>
  refuse: Refuse
}

export function createWorkQueue({ concurrency, maxWaiting }: WorkQueueOptions): WorkQueue {
  const waiting: Waiting[] = []
  const onIdle: (() => void)[] = []
  let running = 0
  let draining = false

  function start(task: () => Promise<void>): void {
    running++
    void task().finally(() => {
      running--
      const next = waiting.shift()
      if (next !== undefined) start(next.task)
      else if (running === 0) for (const resolve of onIdle.splice(0)) resolve()
    })
  }

  return {
    push(task, refuse) {
      if (draining) refuse('draining')
      else if (running < concurrency) start(task)
      else if (waiting.length < maxWaiting) waiting.push({ task, refuse })
      else refuse('full')
    },
    async drain() {
      draining = true
      for (const { refuse } of waiting.splice(0)) refuse('draining')
      if (running > 0) await new Promise<void>((resolve) => onIdle.push(resolve))
    },
  }
}
