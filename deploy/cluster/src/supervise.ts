// Looks after one process: starts it, tells when it is ready, starts it again when it dies, stops it in order.
import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'

/** Where a ready process can be reached, by what it serves there: `{ http: 'http://127.0.0.1:5004' }`. */
export type Places = Readonly<Record<string, string>>

/** A process that was just started. */
export interface Launched {
  process: ChildProcess
  /** Resolves when it can work; rejects with what it says if it cannot. A death is noticed besides. */
  ready: Promise<Places>
}

export interface SuperviseOptions {
  /** For example `scheduler-2`. */
  name: string
  /** @param start counted from 1 */
  launch(start: number): Launched
  /** How long it may take to stop before it is killed, in milliseconds. */
  stopGraceMs: number
  /** Hears what happens, in words for people. */
  report(text: string): void
  /** Hears of each process that is started. */
  onSpawn?(pid: number): void
  backoff?: Backoff
}

/** Pauses between a death and the next start: doubled each time, from the first again after it ran a while. */
export interface Backoff {
  firstMs: number
  maxMs: number
  stableMs: number
}

export interface Supervised {
  readonly name: string
  /** Of the process that runs now. */
  readonly pid: number | undefined
  /** Starts it; rejects if it ends before it was ready for the first time, and is not tried again then. */
  start(): Promise<Places>
  /** Stops it for good: SIGTERM, after its grace SIGKILL. Idempotent. */
  stop(): Promise<void>
  /** Ends it at once; for the last moments of the supervisor. */
  kill(): void
}

const defaultBackoff: Backoff = { firstMs: 500, maxMs: 10_000, stableMs: 30_000 }

export function supervise(options: SuperviseOptions): Supervised {
  const { name, launch, report, onSpawn, stopGraceMs, backoff = defaultBackoff } = options
  const stopping = new AbortController()
  let current: ChildProcess | undefined
  let starts = 0
  let life: Promise<void> = Promise.resolve()

  function launchNext(): { ready: Promise<Places>; ended: Promise<string> } {
    starts += 1
    const { process, ready } = launch(starts)
    current = process
    if (process.pid !== undefined) onSpawn?.(process.pid)
    const ended = whenEnded(process)
    return { ready: readyOrEnded(ready, ended), ended }
  }

  async function keepAlive(ended: Promise<string>): Promise<void> {
    let begunMs = performance.now()
    let pauseMs = 0
    for (let how = await ended; !stopping.signal.aborted; ) {
      const wasStable = performance.now() - begunMs >= backoff.stableMs
      pauseMs = wasStable || pauseMs === 0 ? backoff.firstMs : Math.min(pauseMs * 2, backoff.maxMs)
      report(`${name} ended (${how}); it is started again in ${pauseMs / 1_000} s`)
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      begunMs = performance.now()
      const next = launchNext()
      next.ready.then(
        () => report(`${name} runs again, process ${current?.pid}`),
        (error: unknown) => report(`${name} could not start: ${messageOf(error)}`),
      )
      how = await next.ended
    }
  }

  async function stop(): Promise<void> {
    stopping.abort()
    const process = current
    if (process === undefined || !isRunning(process)) return void (await life)
    process.kill('SIGTERM')
    const timer = setTimeout(() => {
      report(`${name} did not stop within ${stopGraceMs / 1_000} s and is killed`)
      process.kill('SIGKILL')
    }, stopGraceMs)
    await life
    clearTimeout(timer)
  }

  return {
    name,
    get pid() {
      return current !== undefined && isRunning(current) ? current.pid : undefined
    },
    async start() {
      stopping.signal.throwIfAborted()
      const first = launchNext()
      // Until it was ready once, its end is only waited for.
      life = first.ended.then(() => undefined)
      const places = await first.ready
      life = keepAlive(first.ended)
      return places
    },
    stop,
    kill: () => void current?.kill('SIGKILL'),
  }
}

/** Resolves when the process has ended, with how. */
function whenEnded(process: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    process.once('exit', (code, signal) => resolve(signal === null ? `status ${code}` : signal))
    process.once('error', (error) => resolve(error.message))
  })
}

async function readyOrEnded(ready: Promise<Places>, ended: Promise<string>): Promise<Places> {
  const end = ended.then((how) => {
    throw new Error(`it ended (${how})`)
  })
  return Promise.race([ready, end])
}

function isRunning(process: ChildProcess): boolean {
  return process.pid !== undefined && process.exitCode === null && process.signalCode === null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
