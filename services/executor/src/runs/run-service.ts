// One attempt of a run from start to end: gathers what the work needs, does it, and tells how it ended. The result
// goes out by delivery, enqueued in the transaction that ends the run, so a run has exactly one.
import type { Bus } from '@slipway/bus'
import { executorEvents } from '@slipway/contracts'
import type { JumpHosts } from '@slipway/router-session'
import type { Opener } from '@slipway/secrets/open'
import type { Clock } from '@slipway/service-kit'
import type { Logger } from 'pino'
import type { ActionTimes } from '../actions/action.ts'
import type { ExecutorMetrics } from '../executor-metrics.ts'
import type { HostContextStore } from '../hosts/host-context-store.ts'
import { compareCaptures } from '../logs/comparison-service.ts'
import type { LogIndexStore } from '../logs/log-index-store.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { ActiveRun } from './active-runs.ts'
import type { EventStore } from './event-store.ts'
import type { JournalEntry, JournalStore } from './journal-store.ts'
import { createProgress } from './progress.ts'
import type { ResultService } from './result-service.ts'
import type { Run } from './run.ts'
import { cancelledBy, knownEnd, lastChange, stopWork } from './run-cancel.ts'
import type { RunControl } from './run-control.ts'
import {
  cancelledEnding,
  type Ending,
  endingOf,
  exhaustedEnding,
  isStoreAway,
  unexpectedEnding,
  withStore,
} from './run-ending.ts'
import { type DeviceTimes, gatherWork, type StoreAccess } from './run-gather.ts'
import { openLog, type RunLog } from './run-log.ts'
import { runLogger } from './run-logger.ts'
import { createRunReport, type RunReport, type TextEventKind } from './run-report.ts'
import type { RunStore } from './run-store.ts'
import { doWork, type Learned, type Work } from './run-work.ts'
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
  store: StoreAccess
  maxAttempts: number
  /** How long a cancelled run tries to reach its router, in milliseconds. */
  cancelReachMs: number
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
    else if (control.interrupted() === 'handover') await deps.results.release(run)
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
  const event = (kind: TextEventKind, text: string) => files.event(kind, { text })
  const report = createRunReport({ progress, line: files.step, event, mask: mask.text, now: deps.clock.now })
  let work: Work | undefined
  const gather = async () => {
    work ??= await gatherWork(deps, active, { report, files, mask, log })
    return work
  }
  try {
    // Taken over from somebody who had not come to stop it, or cancelled before it began.
    active.control.check()
    const { statusMessage, packageChanges } = await doWork(await gather(), learned)
    if (run.job.action === 'Post-Upgrade') await compare({ ...deps, log }, run, files, report)
    const warnings = report.warnings()
    return {
      kind: 'result',
      result: { outcome: 'completed', statusMessage, trace: '', warnings, packageChanges },
    }
  } catch (error) {
    const ending = isCancelled(active.control, error)
      ? await stop(deps, active, { gather, learned, log })
      : failedEnding(error, log)
    if (ending.kind === 'leave') return ending
    const statusMessage = mask.text(ending.result.statusMessage)
    report.error(statusMessage)
    const trace = mask.text(ending.result.trace)
    return { kind: 'result', result: { ...ending.result, statusMessage, trace, warnings: report.warnings() } }
  } finally {
    await work?.device.close()
    progress.close()
  }
}

/** Without the database nothing can be stopped either; whoever takes the run over will see that it is cancelled. */
function isCancelled(control: RunControl, error: unknown): boolean {
  return control.interrupted() === 'cancelled' && !isStoreAway(error)
}

interface StopTools {
  gather: () => Promise<Work>
  learned: Learned
  log: Logger
}

/** Ends a cancelled run: stops on the router what it began there. */
async function stop(deps: RunServiceDeps, active: ActiveRun, tools: StopTools): Promise<Ending> {
  const { run, control } = active
  const by = cancelledBy(control.cancellation() ?? { by: undefined })
  tools.log.info({ by: control.cancellation()?.by }, 'a run is cancelled')
  control.acceptCancel()
  let change: JournalEntry | undefined
  try {
    change = lastChange(await withStore(deps.journal.ofSubmission(run.jobId, run.submission)))
    const known = knownEnd(change)
    if (known !== undefined || change === undefined) return cancelledEnding(by, known ?? '')
    const work = await tools.gather()
    return cancelledEnding(by, await stopWork(work, tools.learned, change, deps.cancelReachMs))
  } catch (error) {
    const ending = failedEnding(error, tools.log)
    if (ending.kind === 'leave') return ending
    const { statusMessage, trace } = ending.result
    const what = `What became of '${change?.command ?? ''}' on the router is not known. Check it.`
    return cancelledEnding(by, `${what} ${statusMessage}`, trace)
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
