// The life of a process: start, serve until a signal or a fatal error, stop in order within a deadline.
import type { Logger } from 'pino'
import { type Clock, systemClock } from './clock.ts'

/** What a process runs. */
export interface Running {
  /** Stops in order; idempotent. */
  stop(): Promise<unknown>
  /** Resolves when it is done by itself, with the status to exit with after a stop in order. */
  done?: Promise<number>
}

/** The part of `process` that is used, so that tests can play it. */
export interface ProcessLike {
  on(event: string, listener: (...values: unknown[]) => void): unknown
  off(event: string, listener: (...values: unknown[]) => void): unknown
  exit(code: number): unknown
  /** Where lines go; their errors are heard, see below. */
  stdout?: Pick<NodeJS.EventEmitter, 'on' | 'off'>
  stderr?: Pick<NodeJS.EventEmitter, 'on' | 'off'>
}

export interface RunProcessOptions {
  /** Starts everything. The signal is aborted when a stop is asked for while it still starts. */
  start(signal: AbortSignal): Promise<Running>
  log: Logger
  /** How long a stop may take before the process exits with status 1, in milliseconds. */
  graceMs: number
  clock?: Clock
  process?: ProcessLike
}

const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const
type StopSignal = keyof typeof signalCodes

/**
 * Ctrl-C below `npm start` arrives twice: from the terminal, which signals the whole process group, and from npm,
 * which forwards it to its child at once. Two signals within this time are one wish.
 */
const sameWishMs = 500

/**
 * Runs a process to its end and exits: 0 after a stop asked for by SIGINT or SIGTERM, its own status when it is
 * done by itself, 1 after a failed start, a
 * fatal error or a stop beyond its deadline, 130 or 143 at once on a second signal.
 */
export async function runProcess(options: RunProcessOptions): Promise<void> {
  const { log, clock = systemClock, process: host = process } = options
  const stopping = new AbortController()
  let exitCode = 0
  let firstSignalMs: number | undefined

  function onSignal(signal: StopSignal): void {
    if (firstSignalMs === undefined) {
      firstSignalMs = clock.monotonicMs()
      log.info({ signal }, 'stopping; a second signal exits at once')
      stopping.abort()
    } else if (clock.monotonicMs() - firstSignalMs > sameWishMs) {
      log.warn({ signal }, 'second signal: exiting without finishing')
      host.exit(signalCodes[signal])
    }
  }
  function onFatal(err: unknown): void {
    log.fatal({ err }, 'an error nobody handled: stopping')
    exitCode = 1
    stopping.abort()
  }

  const listeners: [string, (...values: unknown[]) => void][] = [
    ['SIGINT', () => onSignal('SIGINT')],
    ['SIGTERM', () => onSignal('SIGTERM')],
    ['uncaughtException', onFatal],
    ['unhandledRejection', onFatal],
  ]
  for (const [event, listener] of listeners) host.on(event, listener)
  // Nobody reads any more (`npm start | head`): what is printed is lost. That is no reason to stop, and the report of
  // it would fail the same way, without end.
  host.stdout?.on('error', ignore)
  host.stderr?.on('error', ignore)
  const code = await live(options, stopping.signal)
  for (const [event, listener] of listeners) host.off(event, listener)
  host.exit(Math.max(code, exitCode))
}

/** Start, wait, stop. Resolves with 0, or 1 if start or stop went wrong. */
async function live({ start, log, graceMs }: RunProcessOptions, stopping: AbortSignal): Promise<number> {
  const started = (async () => start(stopping))()
  const begun = await Promise.race([started.then(() => true, failed), aborted(stopping)])
  if (begun === false) return 1
  const done = await Promise.race([
    started.then((running) => running.done ?? forever, noStatus),
    aborted(stopping),
  ])
  const stopped = await withinGrace(stopAfter(started), graceMs)
  return Math.max(stopped, done ?? 0)

  function failed(err: unknown): boolean {
    if (!stopping.aborted) log.fatal({ err }, 'start failed')
    return stopping.aborted
  }

  async function stopAfter(starting: Promise<Running>): Promise<number> {
    let running: Running
    try {
      running = await starting
    } catch {
      // Given up on the way: start has released what it had.
      return 0
    }
    try {
      await running.stop()
      return 0
    } catch (err) {
      log.error({ err }, 'stopping failed')
      return 1
    }
  }

  async function withinGrace(stopped: Promise<number>, deadlineMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<number>((resolve) => {
      timer = setTimeout(() => {
        log.error({ graceMs: deadlineMs }, 'not stopped in time: exiting')
        resolve(1)
      }, deadlineMs)
    })
    const code = await Promise.race([stopped, late])
    clearTimeout(timer)
    return code
  }
}

function ignore(): void {}

/** What has no end of its own. */
const forever = new Promise<never>(() => undefined)

/** A start that failed while a stop was asked for: there is nothing to end. */
function noStatus(): undefined {
  return undefined
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
