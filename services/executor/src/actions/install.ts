// Gives a router one install command, exactly once, and follows it to its end. Whatever interrupts the work, the
// journal and the router are asked before anything is sent again.
import { RELOAD_QUESTION } from '@slipway/router-session'
import { isSessionLost } from '../device/device.ts'
import type { Baseline, JournalEntry, MutationKind } from '../runs/journal-store.ts'
import type { ActionContext } from './action.ts'
import { summarize } from './device-text.ts'
import { allText, type InstallAnswer, lastLogged, type Reload } from './dialect.ts'
import { actionFailure } from './failure.ts'
import { throughOutages, untilInstallIdle, watchOperation } from './install-watch.ts'
import { type InstallEnd, type InstallOrder, isReached } from './operation-order.ts'
import { reconcile } from './reconcile.ts'
import { readSoftware } from './software.ts'
import { readSystem } from './uptime.ts'

/** A lost connection or another operation may keep the router from taking a command; so often it is tried. */
const MAX_SENDS = 3

/**
 * Carries out an install command, or goes on with the one that an earlier attempt of this job may have sent.
 * @param order looks at the router and says what to send; undefined if there is nothing to do
 */
export async function install(
  context: ActionContext,
  kind: MutationKind,
  order: () => Promise<InstallOrder | undefined>,
): Promise<InstallEnd | undefined> {
  for (let sends = 0; sends < MAX_SENDS; sends += 1) {
    const earlier = (await context.journal.entries()).findLast((entry) => entry.kind === kind)
    if (earlier !== undefined && earlier.outcome !== 'not-sent') {
      const end = await goOn(context, earlier)
      if (end !== undefined) return end
    }
    const wanted = await order()
    if (wanted === undefined) return undefined
    const end = await send(context, wanted)
    if (end !== undefined) return end
  }
  throw actionFailure(`The router did not take the command in ${MAX_SENDS} attempts.`)
}

/** @returns undefined if the router never got the command */
async function goOn(context: ActionContext, entry: JournalEntry): Promise<InstallEnd | undefined> {
  const { operationId, outcome } = entry
  if (outcome === 'failed' || outcome === 'refused') {
    throw actionFailure(
      `The router refused '${entry.command}': ${summarize(entry.detail ?? '')}`,
      entry.detail,
    )
  }
  if (outcome === 'succeeded') {
    return { entry, operationId, log: '', reload: journalled(context, entry), outagesBefore: undefined }
  }
  if (operationId !== undefined) return follow(context, entry, operationId, undefined)
  return settle(context, entry, undefined)
}

async function settle(
  context: ActionContext,
  entry: JournalEntry,
  outagesBefore: number | undefined,
): Promise<InstallEnd | undefined> {
  const found = await reconcile(context, entry)
  if (found.kind === 'not-sent') {
    context.report.info('The router knows nothing of it: it was not sent')
    await context.journal.conclude(entry, 'not-sent')
    return undefined
  }
  if (found.kind === 'operation') {
    context.report.info(`The router has it as operation ${found.operationId}`)
    await context.journal.note(entry, { operationId: found.operationId })
    return follow(context, entry, found.operationId, outagesBefore)
  }
  context.report.info('The router is as the command wanted it')
  await context.journal.conclude(entry, 'succeeded')
  return { entry, operationId: undefined, log: '', reload: journalled(context, entry), outagesBefore }
}

function journalled({ dialect }: ActionContext, entry: JournalEntry): Reload {
  return entry.reload ? dialect.journalledReload : 'none'
}

/** @returns undefined if it turned out that the router never got the command */
async function send(context: ActionContext, order: InstallOrder): Promise<InstallEnd | undefined> {
  const { device, journal, report, times } = context
  if (!(await untilInstallIdle(context, times.busyMs))) {
    throw actionFailure('Another install operation is in progress on the router and does not come to an end.')
  }
  const entry = await journal.write(order.kind, order.command, await baseline(context, order))
  report.info(`Sends: ${entry.command}`)
  const outagesBefore = device.outages()
  const result = await device
    .write(order.command, {
      timeoutMs: times.installCommandMs,
      fence: journal.fence,
      answers: order.answers,
    })
    .catch((error: unknown) => {
      if (isSessionLost(error)) return undefined
      throw error
    })
  return result === undefined
    ? settle(context, entry, outagesBefore)
    : take(context, entry, result.failed, allText(result), outagesBefore)
}

async function baseline(context: ActionContext, order: InstallOrder): Promise<Baseline> {
  const { clock, device, dialect, times } = context
  const { output, failed } = await device.read(dialect.commands.log, times.commandMs)
  const lastOperation = failed ? undefined : lastLogged(output)
  const { uptimeSeconds, version } = await readSystem(context)
  const { inactive, active } = order.software
  return {
    at: clock.now().toISOString(),
    targets: order.targets,
    inactive,
    active,
    // Without a log it must stay open, or every operation of the past would look new.
    ...(lastOperation === undefined ? {} : { lastOperation }),
    ...(uptimeSeconds === undefined ? {} : { uptimeSeconds }),
    ...(version === undefined ? {} : { version }),
  }
}

/** A router may take back a restart if the session that asked for it ends at once (CSCvb67386). */
function mayReload(kind: MutationKind): boolean {
  return kind === 'activate' || kind === 'deactivate'
}

/** What the router answered to the command. */
async function take(
  context: ActionContext,
  entry: JournalEntry,
  failed: boolean,
  text: string,
  outagesBefore: number,
): Promise<InstallEnd | undefined> {
  const { dialect, journal, report, times, device } = context
  const answer: InstallAnswer = failed ? { kind: 'refused' } : dialect.answerTo(text)
  const reload = RELOAD_QUESTION.test(text)
  if (mayReload(entry.kind)) device.holdFor(times.reloadHoldMs)
  if (answer.kind === 'no-impact') {
    report.warn('This was a NO IMPACT OPERATION. The router had nothing to change.')
    await journal.conclude(entry, 'succeeded')
    return { entry, operationId: undefined, log: text, reload: 'none', outagesBefore }
  }
  if (answer.kind === 'busy') {
    // Somebody else was quicker by a moment; it waits its turn as before.
    await journal.conclude(entry, 'not-sent', text)
    return undefined
  }
  if (answer.kind === 'refused') {
    await journal.conclude(entry, 'refused', text)
    throw actionFailure(`The router refused '${entry.command}': ${summarize(text)}`, text)
  }
  const { operationId } = answer
  await journal.note(entry, { operationId, reload })
  return follow(context, { ...entry, reload }, operationId, outagesBefore)
}

/** Follows an operation to its verdict. */
async function follow(
  context: ActionContext,
  entry: JournalEntry,
  operationId: number,
  outagesBefore: number | undefined,
): Promise<InstallEnd> {
  const { journal, report, dialect } = context
  const { verdict, log } = await watchOperation(context, entry, operationId)
  if (verdict === 'failed' || verdict === 'aborted') {
    await journal.conclude(entry, 'failed', log)
    throw actionFailure(`Operation ${operationId} failed: ${summarize(log)}`, log)
  }
  if (verdict === 'unknown') await needReached(context, entry, operationId, log)
  if (verdict === 'completed-with-failure') {
    report.warn(`Operation ${operationId} completed with failure but failure was after Point of No Return.`)
  }
  const told = dialect.reloadOf(log, operationId)
  const reload = told === 'none' ? journalled(context, entry) : told
  await journal.note(entry, { reload: reload === 'router' || reload === 'unsure' })
  await journal.conclude(entry, 'succeeded')
  report.info(`Operation ${operationId} completed`)
  return { entry, operationId, log, reload, outagesBefore }
}

/** The log does not tell how the operation ended: the package lists must. */
async function needReached(
  context: ActionContext,
  entry: JournalEntry,
  operationId: number,
  log: string,
): Promise<void> {
  const software = await throughOutages(context, () => readSoftware(context))
  if (isReached(entry.kind, entry.before, software, context.names)) return
  throw actionFailure(`The router does not tell how operation ${operationId} ended.`, log)
}
