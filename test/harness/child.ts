// Child processes of journeys and benchmarks: started, waited for by what they print, always stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url))

/** What a process prints. */
export interface Output {
  /** All lines printed so far, stdout and stderr. */
  readonly lines: readonly string[]
  /** Resolves with the first line (past or future) for which the predicate holds; rejects if the process ends. */
  line(predicate: (line: string) => boolean, timeoutMs?: number): Promise<string>
}

export interface Child extends Output {
  process: ChildProcess
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** What still runs when the test ends, however it ends: a test that ran out of time must not leave routers behind. */
const running = new Set<ChildProcess>()
const stopAll = () => {
  for (const child of running) child.kill('SIGTERM')
}
process.once('exit', stopAll)
process.once('SIGTERM', () => process.exit(143))
// How tap ends a file that is run by hand and takes too long.
process.once('SIGALRM', () => process.exit(142))

/**
 * Starts `node <args>` in the repository's root with a small environment of its own.
 * @param onLine hears each line that is printed
 */
export function startNode(
  args: string[],
  env: Record<string, string> = {},
  onLine: (line: string) => void = () => undefined,
): Child {
  const { PATH = '', HOME = '', SLIPWAY_TEST_DATABASE_URL: _unused } = process.env
  const child = spawn(process.execPath, args, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, ...env },
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      onLine(line)
      for (const listener of listeners) listener(line)
    })
  }
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  return {
    process: child,
    lines,
    exited,
    line: (predicate, timeoutMs = 240_000) => awaitLine(lines, listeners, exited, predicate, timeoutMs),
    stop: (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return exited
    },
  }
}

function awaitLine(
  lines: string[],
  listeners: Set<(line: string) => void>,
  exited: Promise<unknown>,
  predicate: (line: string) => boolean,
  timeoutMs: number,
): Promise<string> {
  const past = lines.find(predicate)
  if (past !== undefined) return Promise.resolve(past)
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      listeners.delete(listener)
      clearTimeout(timer)
      reject(new Error(`${reason}; it printed:\n${lines.slice(-30).join('\n')}`))
    }
    const timer = setTimeout(() => fail(`no such line within ${timeoutMs} ms`), timeoutMs)
    const listener = (line: string) => {
      if (!predicate(line)) return
      listeners.delete(listener)
      clearTimeout(timer)
      resolve(line)
    }
    listeners.add(listener)
    void exited.then(() => setImmediate(() => fail('the process ended')))
  })
}
