// One attempt of a run from start to end: gathers what the work needs, does it, and tells how it ended. The result
// goes out by delivery, enqueued in the transaction that ends the run, so a run has exactly one.
import type { Bus } from '@slipway/bus'
import { executorEvents } from '@slipway/contracts'
import type { JumpHosts } from '@slipway/router-session'
import type { Opener } from '@slipway/secrets/open'
import type { Clock } from '@slipway/service-kit'
import type { Logger } from 'pino'
import type { ActionTimes } from '../actions/action.ts'
import type { Device } from '../device/device.ts'
import type { ExecutorMetrics } from '../executor-metrics.ts'
import type { HostContextStore } from '../hosts/host-context-store.ts'
import { compareCaptures } from '../logs/comparison-service.ts'
import type { LogIndexStore } from '../logs/log-index-store.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { ActiveRun } from './active-runs.ts'
import type { EventStore, JobEventKind } from './event-store.ts'
import type { JournalStore } from './journal-store.ts'
import { createProgress } from './progress.ts'
import type { ResultService } from './result-service.ts'
import { isResumed, type Run } from './run.ts'
import { type Ending, endingOf, exhaustedEnding, unexpectedEnding } from './run-ending.ts'
import { type DeviceTimes, gatherWork } from './run-gather.ts'
import { openLog, type RunLog } from './run-log.ts'
import { runLogger } from './run-logger.ts'
import { createRunReport, type RunReport } from './run-report.ts'
import type { RunStore } from './run-store.ts'
import { doWork, type Learned } from './run-work.ts'
import { createSecretMask, type SecretMask } from './secret-mask.ts'

export interface RunServiceDeps {
  bus: Pick<Bus, 'request' | 'publish'>
  opener: Opener
  clock: Clock
  log: Logger
  metrics: ExecutorMetrics
  logs: LogStore
  index: LogIndexStore
  runs: RunStore
  journal: JournalStore
  events: EventStore
  hosts: HostContextStore
  results: ResultService
  times: ActionTimes
  deviceTimes: DeviceTimes
  jumpHosts: JumpHosts
  maxAttempts: number
}

const PROGRESS_INTERVAL_MS = 1_000

/** Performs runs. The returned function never rejects. */
export function createRunService(deps: RunServiceDeps): (active: ActiveRun) => Promise<void> {
  return async (active) => {
    const { run, control } = active
    const log = runLogger(deps.log, run)
    log.info({ action: run.job.action ?? run.job.kind }, 'a run begins')
    const learned: Learned = {}
    const ending = await attempt(deps, active, learned, log)
    if (ending.kind === 'result') await deps.results.record(active, ending.result, learned)
    else if (control.interrupted() === 'handover') await deps.results.release(active)
    const outcome = ending.kind === 'result' ? ending.result.outcome : 'left'
    deps.metrics.ended(outcome)
    if (control.interrupted() === 'lost') deps.metrics.leaseLost()
    log.info({ ending: outcome }, 'a run ends')
  }
}

async function attempt(
  deps: RunServiceDeps,
  active: ActiveRun,
  learned: Learned,
  log: Logger,
): Promise<Ending> {
  const { run } = active
  if (run.attempt - run.firstAttempt >= deps.maxAttempts) return exhaustedEnding(deps.maxAttempts)
  const mask = createSecretMask()
  let files: RunLog | undefined
  try {
    files = await openLog({ ...deps, log }, run, mask.text)
    return await withLog(deps, active, { files, mask, learned, log })
  } catch (error) {
    return failedEnding(error, log)
  } finally {
    await files?.close()
  }
}

interface AttemptTools {
  files: RunLog
  mask: SecretMask
  learned: Learned
  log: Logger
}

async function withLog(deps: RunServiceDeps, active: ActiveRun, tools: AttemptTools): Promise<Ending> {
  const { run } = active
  const { files, mask, learned, log } = tools
  const { jobId, submission } = run
  const progress = createProgress(
    (message) => deps.bus.publish(executorEvents.runProgressed, { jobId, submission, ...message }),
    PROGRESS_INTERVAL_MS,
  )
  const event = (kind: JobEventKind, text: string) => files.event(kind, { text })
  const report = createRunReport({ progress, line: files.step, event, mask: mask.text, now: deps.clock.now })
  let device: Device | undefined
  try {
    files.event(isResumed(run) ? 'resumed' : 'started', { attempt: run.attempt })
    const work = await gatherWork(deps, active, { report, files, mask, log })
    device = work.device
    const { statusMessage, packageChanges } = await doWork(work, learned)
    if (run.job.action === 'Post-Upgrade') await compare({ ...deps, log }, run, files, report)
    const warnings = report.warnings()
    return {
      kind: 'result',
      result: { outcome: 'completed', statusMessage, trace: '', warnings, packageChanges },
    }
  } catch (error) {
    const ending = failedEnding(error, log)
    if (ending.kind === 'leave') return ending
    const statusMessage = mask.text(ending.result.statusMessage)
    report.error(statusMessage)
    const trace = mask.text(ending.result.trace)
    return { kind: 'result', result: { ...ending.result, statusMessage, trace, warnings: report.warnings() } }
  } finally {
    await device?.close()
    progress.close()
  }
}

function failedEnding(error: unknown, log: Logger): Ending {
  const ending = endingOf(error)
  if (ending === undefined) log.error({ err: error }, 'a run ended with an error nobody expected')
  return ending ?? unexpectedEnding
}

/** Tells what the upgrade changed in the captured outputs. Trouble with it does not change how the job ended. */
async function compare(deps: RunServiceDeps, run: Run, files: RunLog, report: RunReport): Promise<void> {
  try {
    const changed = await compareCaptures(deps, run, files.attempt)
    if (changed === undefined) report.info('No completed Pre-Upgrade to compare with')
    else if (changed.length === 0) report.info('The captured outputs are as before the upgrade')
    else report.info(`Outputs that changed since the Pre-Upgrade: ${changed.join(', ')}`)
  } catch (error) {
    deps.log.warn({ err: error }, 'captures could not be compared')
    report.warn('The captured outputs could not be compared with those of the Pre-Upgrade.')
  }
}
