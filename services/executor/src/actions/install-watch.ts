// Follows an operation that the router works on by itself, until it is over, and asks the install log how it ended.
// Listens for the message with which the router says so, and asks now and then in case that message was lost. A lost
// connection is no end: the router may be restarting because of the operation.
import {
  type InstallOutcome,
  type InstallRequest,
  installOutcome,
  parseInstallRequest,
} from '@slipway/router-session'
import { isSessionLost } from '../device/device.ts'
import type { JournalEntry } from '../runs/journal-store.ts'
import { pauseRun } from '../runs/run-control.ts'
import type { ActionContext, Report } from './action.ts'
import { endOfOperation } from './dialect.ts'
import { actionFailure } from './failure.ts'
import { createPace } from './pace.ts'
import { withoutDevice } from './selection.ts'

const PENDING = 'Waiting the operation to continue asynchronously'
/** So often the log may not yet tell the end although nothing is in operation any more. */
const LOG_PATIENCE = 5

/** Waits for the end of an operation. @returns its verdict and the install log's words */
export async function watchOperation(
  context: ActionContext,
  entry: JournalEntry,
  operationId: number,
): Promise<{ verdict: InstallOutcome; log: string }> {
  await untilIdle(context, entry, operationId)
  const pace = createPace(context.times.pollMs)
  for (let look = 1; ; look += 1) {
    const log = await readThroughOutages(context, context.dialect.commands.logOf(operationId))
    const verdict = installOutcome(log, operationId)
    if (verdict !== 'unknown' || look === LOG_PATIENCE) return { verdict, log }
    await pauseRun(context.control, pace())
  }
}

/** Waits until no other install operation runs. Fails the look, not the job, when the time is up. */
export async function untilInstallIdle(context: ActionContext, withinMs: number): Promise<boolean> {
  const deadline = context.clock.monotonicMs() + withinMs
  const pace = createPace(context.times.pollMs)
  for (;;) {
    const request = await readRequest(context)
    // A router that does not tell will say so itself when it gets the command.
    if (request.idle || !tells(request)) return true
    if (context.clock.monotonicMs() >= deadline) return false
    context.report.status(
      `Waiting for install operation ${request.operationId ?? ''} to finish`.replace('  ', ' '),
    )
    await pauseRun(context.control, pace())
  }
}

async function untilIdle(context: ActionContext, entry: JournalEntry, operationId: number): Promise<void> {
  const { clock, control, device, dialect, report, times } = context
  const end = endOfOperation(operationId)
  const pace = createPace(times.pollMs)
  const deadline = clock.monotonicMs() + times.operationMs
  report.status(PENDING)
  for (let heard = false; ; ) {
    const request = await readRequest(context)
    if (request.idle) return
    // Another operation is running: ours is over.
    if (request.operationId !== undefined && request.operationId !== operationId) return
    if (!tells(request)) {
      const log = await readThroughOutages(context, dialect.commands.logOf(operationId))
      if (installOutcome(log, operationId) !== 'unknown') return
    }
    if (clock.monotonicMs() > deadline)
      throw actionFailure(`Operation ${operationId} does not come to an end.`)
    tellProgress(report, entry, request)
    if (heard) await pauseRun(control, pace())
    else heard = await device.waitFor(end, pace())
  }
}

/** False for an answer that is none: an error, or no authority to ask. */
function tells(request: InstallRequest): boolean {
  return request.idle || request.operationId !== undefined || request.percent !== undefined
}

/** `Copying a.pie and 2 more` with the percentage for an Add, else the router's own line, which has it. */
function tellProgress(report: Report, { kind, before }: JournalEntry, request: InstallRequest): void {
  const [first, ...rest] = before.targets
  if (kind !== 'add' || first === undefined) {
    report.status(request.progress ?? PENDING)
    return
  }
  const more = rest.length === 0 ? '' : ` and ${rest.length} more`
  report.status(`Copying ${withoutDevice(first)}${more}`, request.percent)
}

async function readRequest(context: ActionContext): Promise<InstallRequest> {
  return parseInstallRequest(await readThroughOutages(context, context.dialect.commands.request))
}

/** A command that breaks the session every time is not tried for ever. */
const MOST_OUTAGES = 10

/** Does some reading, and logs in again when the connection is lost meanwhile: the router may be restarting. */
export async function throughOutages<T>(context: ActionContext, work: () => Promise<T>): Promise<T> {
  for (let outages = 0; ; outages += 1) {
    try {
      if (context.device.connected()) return await work()
    } catch (error) {
      if (!isSessionLost(error) || outages === MOST_OUTAGES) throw error
    }
    context.report.status('Waiting for device boot to reconnect')
    await context.device.reconnect(context.times.reloadMs)
  }
}

/** Reads one command's output, through outages. */
export function readThroughOutages(context: ActionContext, command: string): Promise<string> {
  const { device, times } = context
  return throughOutages(context, async () => (await device.read(command, times.commandMs)).output)
}
