// A replica that took a request and is silent is busy, or its process stands still. It stands still if no byte comes from
// it, for whomever: then another one is asked as well, and the one that begins to answer first is passed on, the other
// one is let go. One that is merely busy is waited for: asking again would give a slow machine twice the work. For
// requests that may be made twice.
import { EventEmitter } from 'node:events'
import type { Dispatcher } from 'undici'

type Options = Dispatcher.RequestOptions
/** As reply-from calls it. */
type Callback = (error: Error | null, data: Dispatcher.ResponseData) => void
export type Ask = (options: Options, callback: Callback) => void

export interface SecondTry {
  /** Origins of the replicas, e.g. `http://distribution:5006`. */
  readonly origins: readonly string[]
  /** Another one is asked after so long at the earliest, if nothing came in the second half of it. */
  readonly afterMs: number
  /** What must not be done twice is asked of one only. */
  readonly mayRepeat: (path: string) => boolean
}

export interface SecondTryDeps {
  /** As a dispatcher of undici does. */
  readonly ask: Ask
  readonly headersTimeoutMs: number
  /** Bytes that have come from a replica, for whomever. */
  readonly bytesFrom: (origin: string) => number
}

export function withSecondTry(
  { ask, headersTimeoutMs, bytesFrom }: SecondTryDeps,
  { origins, afterMs, mayRepeat }: SecondTry,
): Ask {
  return (options, callback) => {
    const origin = String(options.origin)
    const other = origins.find((each) => each !== origin)
    if (other === undefined || !mayRepeat(options.path)) return ask(options, callback)
    const second = { ...options, origin: other }
    const startedAt = performance.now()
    const tries = new Set<EventEmitter>()
    let isAnswered = false
    let bytes: number | undefined
    let timer = setTimeout(judge, afterMs / 2)

    // What has arrived meanwhile is read first.
    function judge(): void {
      setImmediate(trySecond)
    }
    function trySecond(): void {
      if (isAnswered) return
      const before = bytes
      bytes = bytesFrom(origin)
      if (before !== bytes) timer = setTimeout(judge, afterMs / 2)
      // Both are given up at the same time.
      else start(second, Math.max(1, headersTimeoutMs - (performance.now() - startedAt)))
    }
    function start(asked: Options, headersTimeout = headersTimeoutMs): void {
      // What undici takes for an AbortSignal, too, and much cheaper to make: most requests need none.
      const mine = new EventEmitter()
      tries.add(mine)
      ask({ ...asked, headersTimeout, signal: mine }, (error, data) => {
        tries.delete(mine)
        if (isAnswered) return void data?.body?.destroy()
        // The other one may answer still.
        if (error !== null && tries.size > 0) return
        isAnswered = true
        clearTimeout(timer)
        for (const each of tries) each.emit('abort')
        callback(error, data)
      })
    }
    start(options)
  }
}
