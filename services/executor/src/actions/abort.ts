// Cancels what a run began on its router: an install operation that runs is aborted where the router lets us, else its
// end is waited for, so that nobody is left guessing and the next job of the host finds it at rest. An abort is never
// sent twice: it names the operation, and after an interruption the operation's end is all that matters.
import { parseInstallRequest } from '@slipway/router-session'
import { isSessionLost } from '../device/device.ts'
import type { JournalEntry } from '../runs/journal-store.ts'
import type { ActionContext } from './action.ts'
import { summarize } from './device-text.ts'
import { allText } from './dialect.ts'
import { readThroughOutages, watchOperation } from './install-watch.ts'
import { reconcile } from './reconcile.ts'

/** `The operation can no longer be aborted (ctrl-c for options)` */
const PAST_ABORT = /can no longer be aborted/i
/** `Do you want to abort? [confirm]`, `[yes/no]:[no]`: nothing else is asked here. */
const CONFIRM = /(?:\[confirm\]|\[yes\/no\]:?\s*(?:\[\w+\])?|\[y\/n\])\s*$/i

/** Stops what a journalled command without an outcome may have begun. @returns what happened, for the user */
export async function stopOperation(context: ActionContext, entry: JournalEntry): Promise<string> {
  const { journal } = context
  if (entry.operationId !== undefined) return abortOperation(context, entry, entry.operationId)
  const found = await reconcile(context, entry)
  if (found.kind === 'operation') {
    await journal.note(entry, { operationId: found.operationId })
    return abortOperation(context, entry, found.operationId)
  }
  await journal.conclude(entry, found.kind === 'reached' ? 'succeeded' : 'not-sent')
  return found.kind === 'reached'
    ? `'${entry.command}' had been carried out.`
    : 'Nothing was changed on the router.'
}

/** What became of the wish to abort: `over`: there was nothing to abort any more; `late`: the router said so before. */
type Abort = 'sent' | 'refused' | 'over' | 'late'

/** Why an operation completed all the same. */
const WHY: Readonly<Record<Abort, string>> = {
  sent: 'could not be aborted',
  refused: 'could not be aborted',
  over: 'was over before it could be aborted',
  late: 'could no longer be aborted',
}

async function abortOperation(
  context: ActionContext,
  entry: JournalEntry,
  operationId: number,
): Promise<string> {
  const { journal, report } = context
  report.status(`Stopping install operation ${operationId}`)
  const abort = await sendAbort(context, operationId, entry)
  const { verdict, log } = await watchOperation(context, entry, operationId)
  const name = `Install operation ${operationId} (${entry.kind})`
  switch (verdict) {
    case 'aborted':
    case 'failed':
      await journal.conclude(entry, 'failed', log)
      return abort === 'sent' ? `${name} was aborted on the router.` : `${name} failed: ${summarize(log)}`
    case 'unknown':
      return `The router does not tell how ${name} ended. Check it.`
    case 'succeeded':
    case 'completed-with-failure': {
      await journal.conclude(entry, 'succeeded')
      return `${name} ${WHY[abort]}: it has completed.${restart(context, entry, log, operationId)}`
    }
  }
}

function restart({ dialect }: ActionContext, entry: JournalEntry, log: string, operationId: number): string {
  const reload = entry.reload || dialect.reloadOf(log, operationId) !== 'none'
  return reload ? ' The router restarts because of it; that was not waited for.' : ''
}

async function sendAbort(context: ActionContext, operationId: number, entry: JournalEntry): Promise<Abort> {
  const { clock, device, dialect, journal, report, times } = context
  const earlier = (await journal.entries()).findLast(({ kind }) => kind === 'abort')
  if (earlier !== undefined) return earlier.outcome === 'refused' ? 'refused' : 'sent'
  const text = await readThroughOutages(context, dialect.commands.request)
  const running = parseInstallRequest(text)
  if (running.idle || (running.operationId !== undefined && running.operationId !== operationId))
    return 'over'
  if (PAST_ABORT.test(text)) return 'late'
  const before = { ...entry.before, at: clock.now().toISOString(), targets: [] }
  const abort = await journal.write('abort', dialect.commands.abort(operationId), before)
  report.info(`Sends: ${abort.command}`)
  const answers = [{ when: CONFIRM, send: 'yes' }]
  const options = { timeoutMs: times.commandMs, fence: journal.fence, answers }
  const result = await device.write(abort.command, options).catch((error: unknown) => {
    if (isSessionLost(error)) return undefined
    throw error
  })
  if (result === undefined) return 'sent'
  // The routers say little here; whether it was aborted is told by the operation's log.
  await journal.conclude(abort, result.failed ? 'refused' : 'succeeded', allText(result))
  if (!result.failed) return 'sent'
  report.info(`The router refused it: ${summarize(allText(result))}`)
  return 'refused'
}
