/**
 * Runs install operations one at a time, in the background, independent of the session that asked. An operation
 * takes `operationMs`; what it changes is applied at its end. Everything stays in the log for the router's life.
 */
import type { LogLine, Operation, OperationKind, OperationState, Outcome } from './operation.ts'

/** What the engine needs of its router. */
export interface InstallEngineDeps {
  readonly now: () => Date
  /** Duration of an operation in milliseconds. */
  readonly operationMs: () => number
  /** Device words with which the operation shall fail half-way, if a fault says so. */
  readonly failure: (command: string) => readonly string[] | undefined
  /** Called on start and end. */
  readonly changed: (operation: Operation) => void
  /** Restarts the router because an operation needs it. */
  readonly reload: (operation: Operation) => void
}

/** Work of an operation; it may await downloads, gives up when `signal` aborts, and logs through `log`. */
export type OperationWork = (
  operation: Operation,
  log: (text: string) => void,
  signal: AbortSignal,
) => Promise<Outcome>

/** The install engine of one router. */
export interface InstallEngine {
  /** The running operation. */
  readonly current: () => Operation | undefined
  /** Percentage of the running operation, 0 to 99. */
  readonly percent: () => number
  readonly log: () => readonly Operation[]
  readonly find: (id: number) => Operation | undefined
  /** Opens an operation; the caller has checked that none is running. */
  readonly open: (kind: OperationKind, text: string, user: string) => Operation
  /** Ends an opened operation at once (refused in the foreground). */
  readonly refuse: (operation: Operation, errors: readonly string[], state?: OperationState) => void
  /** Runs an opened operation to its end; resolves when it has ended, never rejects. */
  readonly run: (operation: Operation, command: string, work: OperationWork) => Promise<void>
  /** Lets the running operation take no more time. */
  readonly hurry: () => void
  /** Stops the running operation; false when there is none with that id. */
  readonly abort: (id: number | undefined, reason: string) => boolean
}

/** Makes the engine of a router. */
export function createInstallEngine(deps: InstallEngineDeps): InstallEngine {
  const operations: Operation[] = []
  let current: Operation | undefined
  let stopper = new AbortController()
  let hurry = new AbortController()

  const log = (operation: Operation, texts: readonly string[]) => {
    operation.lines.push(...texts.map((text): LogLine => ({ at: deps.now(), text })))
  }
  const close = (operation: Operation, state: OperationState) => {
    if (operation.state !== 'running') return
    operation.state = state
    operation.finishedAt = deps.now()
    operation.downloadedBytes = undefined
    if (current === operation) current = undefined
    deps.changed(operation)
  }
  const end = (operation: Operation, outcome: Outcome) => {
    if (operation.state !== 'running') return
    if (!outcome.ok) {
      log(operation, outcome.errors)
      close(operation, 'failed')
      return
    }
    outcome.apply?.()
    log(operation, outcome.lines ?? [])
    close(operation, 'succeeded')
    if (outcome.reload === true) deps.reload(operation)
  }
  return {
    current: () => current,
    percent: () => percentOf(current, deps),
    log: () => operations,
    find: (id) => operations.find((operation) => operation.id === id),
    open(kind, text, user) {
      const operation = newOperation(operations.length + 1, kind, text, user, deps.now())
      operations.push(operation)
      current = operation
      stopper = new AbortController()
      hurry = new AbortController()
      deps.changed(operation)
      return operation
    },
    refuse(operation, errors, state = 'failed') {
      log(operation, errors)
      close(operation, state)
    },
    async run(operation, command, work) {
      const signals = { stop: stopper.signal, hurry: hurry.signal }
      const outcome = await perform(operation, command, work, deps, (text) => log(operation, [text]), signals)
      end(operation, outcome)
    },
    hurry: () => hurry.abort(),
    abort(id, reason) {
      const operation = current
      if (operation === undefined || (id !== undefined && operation.id !== id)) return false
      stopper.abort()
      log(operation, [reason])
      close(operation, 'aborted')
      return true
    },
  }
}

function newOperation(
  id: number,
  kind: OperationKind,
  text: string,
  user: string,
  startedAt: Date,
): Operation {
  return {
    id,
    kind,
    text,
    user,
    startedAt,
    finishedAt: undefined,
    state: 'running',
    downloadedBytes: undefined,
    lines: [],
    packages: [],
    plan: undefined,
  }
}

function percentOf(operation: Operation | undefined, deps: InstallEngineDeps): number {
  if (operation === undefined) return 0
  const elapsed = deps.now().getTime() - operation.startedAt.getTime()
  return Math.max(1, Math.min(99, Math.floor((elapsed * 100) / Math.max(1, deps.operationMs()))))
}

async function perform(
  operation: Operation,
  command: string,
  work: OperationWork,
  deps: InstallEngineDeps,
  log: (text: string) => void,
  { stop, hurry }: { stop: AbortSignal; hurry: AbortSignal },
): Promise<Outcome> {
  const failure = deps.failure(command)
  const half = deps.operationMs() / 2
  const wake = AbortSignal.any([stop, hurry])
  await pause(half, wake)
  if (failure !== undefined) return { ok: false, errors: failure }
  try {
    const outcome = await work(operation, log, stop)
    await pause(half, wake)
    return outcome
  } catch (error) {
    return {
      ok: false,
      errors: [`Error:    Internal failure: ${error instanceof Error ? error.message : 'unknown'}`],
    }
  }
}

/** Resolves after a while, or at once when `signal` aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || milliseconds <= 0) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
