// What a run is doing, for people who watch: lossy, at most one message per interval and run, and the last one of a
// burst always arrives.

export interface ProgressMessage {
  readonly message: string
  readonly percent?: number
}

export interface Progress {
  report(message: ProgressMessage): void
  close(): void
}

/** @param publish sends one message @param intervalMs least time between two */
export function createProgress(publish: (message: ProgressMessage) => void, intervalMs: number): Progress {
  let last: ProgressMessage | undefined
  let waiting: ProgressMessage | undefined
  let timer: NodeJS.Timeout | undefined

  const send = (message: ProgressMessage) => {
    waiting = undefined
    last = message
    publish(message)
    timer = setTimeout(() => {
      timer = undefined
      if (waiting !== undefined) send(waiting)
    }, intervalMs)
  }
  return {
    report(message) {
      const current = waiting ?? last
      if (current?.message === message.message && current.percent === message.percent) return
      if (timer === undefined) send(message)
      else waiting = message
    },
    close() {
      clearTimeout(timer)
      timer = undefined
      if (waiting !== undefined) publish(waiting)
      waiting = undefined
    },
  }
}
