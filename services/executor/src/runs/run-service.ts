// One attempt of a run from start to end: gathers what the work needs, does it, and tells how it ended. The result
// goes out by delivery, enqueued in the transaction that ends the run, so a run has exactly one.
import type { Bus } from '@slipway/bus'
import { executorEvents } from '@slipway/contracts'
import type { Opener } from '@slipway/secrets/open'
import type { Clock } from '@slipway/service-kit'
import type { Logger } from 'pino'
import type { ActionTimes } from '../actions/action.ts'
import type { HostContextStore } from '../hosts/host-context-store.ts'
import { compareCaptures } from '../logs/comparison-service.ts'
import type { LogIndexStore } from '../logs/log-index-store.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { ActiveRun } from './active-runs.ts'
import type { EventStore } from './event-store.ts'
import type { JournalStore } from './journal-store.ts'
import { createProgress } from './progress.ts'
import type { ResultService } from './result-service.ts'
import { isResumed } from './run.ts'
import { type Ending, endingOf, exhaustedEnding, unexpectedEnding } from './run-ending.ts'
import { type DeviceTimes, gatherWork } from './run-gather.ts'
import { openLog } from './run-log.ts'
import { createRunReport } from './run-report.ts'
import type { RunStore } from './run-store.ts'
import { doWork, type Learned } from './run-work.ts'
import { createSecretMask } from './secret-mask.ts'

export interface RunServiceDeps {
  bus: Pick<Bus, 'request' | 'publish'>
  opener: Opener
  clock: Clock
  log: Logger
  logs: LogStore
  index: LogIndexStore
  runs: RunStore
  journal: JournalStore
  events: EventStore
  hosts: HostContextStore
  results: ResultService
  times: ActionTimes
  deviceTimes: DeviceTimes
  maxAttempts: number
}

const PROGRESS_INTERVAL_MS = 1_000

/** Performs runs. The returned function never rejects. */
export function createRunService(deps: RunServiceDeps): (active: ActiveRun) => Promise<void> {
  return async (active) => {
    const { run, control } = active
    const log = deps.log.child({ jobId: run.jobId, attempt: run.attempt, hostname: run.job.hostname })
    log.info({ action: run.job.action ?? run.job.kind }, 'a run begins')
    const learned: Learned = {}
    const ending = await attempt(deps, active, learned, log)
    if (ending.kind === 'result') await deps.results.record(active, ending.result, learned)
    else if (control.interrupted() === 'handover') await deps.results.release(active)
    log.info({ ending: ending.kind === 'result' ? ending.result.outcome : 'left' }, 'a run ends')
  }
}

async function attempt(
  deps: RunServiceDeps,
  active: ActiveRun,
  learned: Learned,
  log: Logger,
): Promise<Ending> {
  const { run } = active
  const { jobId, submission } = run
  if (run.attempt - run.firstAttempt >= deps.maxAttempts) return exhaustedEnding(deps.maxAttempts)
  const mask = createSecretMask()
  const progress = createProgress(
    (message) => deps.bus.publish(executorEvents.runProgressed, { jobId, submission, ...message }),
    PROGRESS_INTERVAL_MS,
  )
  const files = await openLog(deps, run, mask.text).catch((error: unknown) => {
    log.error({ err: error }, 'the session log cannot be opened')
    return undefined
  })
  if (files === undefined) return unexpectedEnding
  const report = createRunReport({
    progress,
    line: files.step,
    event: (kind, text) => files.event(kind, { text }),
    mask: mask.text,
    now: deps.clock.now,
  })
  let close = async () => {}
  try {
    files.event(isResumed(run) ? 'resumed' : 'started', { attempt: run.attempt })
    const work = await gatherWork(deps, active, { report, files, mask })
    close = work.device.close
    const done = await doWork(work, learned)
    if (run.job.action === 'Post-Upgrade') await compare()
    const { statusMessage, packageChanges } = done
    const warnings = report.warnings()
    return {
      kind: 'result',
      result: { outcome: 'completed', statusMessage, trace: '', warnings, packageChanges },
    }
  } catch (error) {
    const ending = endingOf(error)
    if (ending === undefined) log.error({ err: error }, 'a run ended with an error nobody expected')
    return withReport(ending ?? unexpectedEnding)
  } finally {
    await close()
    progress.close()
    await files.close()
  }

  async function compare(): Promise<void> {
    if (files === undefined) return
    const changed = await compareCaptures(deps, run, files.attempt)
    if (changed === undefined) report.info('No completed Pre-Upgrade to compare with')
    else if (changed.length === 0) report.info('The captured outputs are as before the upgrade')
    else report.info(`Outputs that changed since the Pre-Upgrade: ${changed.join(', ')}`)
  }

  function withReport(ending: Ending): Ending {
    if (ending.kind === 'leave') return ending
    const statusMessage = mask.text(ending.result.statusMessage)
    report.error(statusMessage)
    const trace = mask.text(ending.result.trace)
    return { kind: 'result', result: { ...ending.result, statusMessage, trace, warnings: report.warnings() } }
  }
}
