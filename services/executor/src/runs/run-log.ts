// The files and events of one attempt. Events are written one after the other in the background: a slow database
// must not slow a session down, and one that is away shows in the journal soon enough.
import type { Logger } from 'pino'
import { storable } from '../actions/device-text.ts'
import { actionFailure } from '../actions/failure.ts'
import type { ExecutorMetrics } from '../executor-metrics.ts'
import type { LogIndexStore } from '../logs/log-index-store.ts'
import { captureName } from '../logs/log-names.ts'
import { type AttemptLog, type LogStore, STEPS_LOG, TERMINAL_LOG } from '../logs/log-store.ts'
import type { EventStore, JobEventKind, PayloadOfEvent } from './event-store.ts'
import type { Run } from './run.ts'
import { withStore } from './run-ending.ts'

export interface RunLog {
  readonly attempt: AttemptLog
  terminal(bytes: Buffer): void
  step(line: string): void
  event<K extends JobEventKind>(kind: K, payload: PayloadOfEvent<K>): void
  /** Resolves when the events so far are written, or could not be. */
  eventsWritten(): Promise<void>
  /** Keeps an output as a file. */
  capture(command: string, output: string): Promise<string>
  close(): Promise<void>
}

/** A full or missing disk is for the operator; the user is told, too. */
async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw actionFailure(`The session log could not be written on the server${code}.`)
  }
}

interface RunLogDeps {
  logs: LogStore
  index: LogIndexStore
  events: EventStore
  /** Of the run. */
  log: Logger
  metrics: Pick<ExecutorMetrics, 'sessionLogged'>
}

export async function openLog(deps: RunLogDeps, run: Run, mask: (text: string) => string): Promise<RunLog> {
  const attempt = await onDisk(deps.logs.open(run.jobId, run.attempt))
  await withStore(deps.index.add(run, TERMINAL_LOG, 'terminal'))
  await withStore(deps.index.add(run, STEPS_LOG, 'steps'))
  let writing = Promise.resolve()
  return {
    attempt,
    terminal(bytes) {
      deps.metrics.sessionLogged(bytes.length)
      attempt.terminal(bytes)
    },
    step: attempt.step,
    event(kind, payload) {
      const logged = attempt.lengths()
      writing = writing
        .then(() => deps.events.append(run, kind, payload, logged))
        .catch((error: unknown) => deps.log.warn({ err: error }, 'a job event was not kept'))
    },
    eventsWritten: () => writing,
    async capture(command, output) {
      const content = storable(mask(output))
      const name = await onDisk(attempt.file(captureName(command), content))
      deps.metrics.sessionLogged(Buffer.byteLength(content))
      await withStore(deps.index.add(run, name, 'capture'))
      return name
    },
    async close() {
      await writing
      await attempt.close()
    },
  }
}
