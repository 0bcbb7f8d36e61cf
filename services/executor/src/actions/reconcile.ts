// A command that stands in the journal without an outcome was *maybe sent*: the process may have died between the
// two. The router is asked, twice and some seconds apart, before it is concluded that it never got it; what cannot
// be told fails the job, because an activate given twice is worse than a job that failed (design, section 5).
import { type InstallRequest, parseInstallRequest } from '@slipway/router-session'
import type { JournalEntry } from '../runs/journal-store.ts'
import { pauseRun } from '../runs/run-control.ts'
import type { ActionContext } from './action.ts'
import { isLogOf, lastLogged, loggedIds } from './dialect.ts'
import { actionFailure } from './failure.ts'
import { readThroughOutages, throughOutages } from './install-watch.ts'
import { isReached } from './operation-order.ts'
import { readSoftware } from './software.ts'

export type Reconciled =
  | { readonly kind: 'operation'; readonly operationId: number }
  | { readonly kind: 'reached' }
  | { readonly kind: 'not-sent' }

type Look = Reconciled | { readonly kind: 'unclear'; readonly why: string }

/** A command counts as never sent when the router said so twice in a row. An unclear look in between costs one more. */
const CLEAR_LOOKS = 2
const MOST_LOOKS = 3

/** Finds out what became of a journalled command. Fails the job if the router does not tell. */
export async function reconcile(context: ActionContext, entry: JournalEntry): Promise<Reconciled> {
  const { report, control, times } = context
  report.info(`'${entry.command}' may have been sent before; asking the router`)
  report.status('Finding out what the router did while nobody watched')
  let why = ''
  for (let n = 1, clear = 0; n <= MOST_LOOKS; n += 1) {
    if (n > 1) await pauseRun(control, times.lookAgainMs)
    const look = await lookOnce(context, entry)
    if (look.kind === 'operation' || look.kind === 'reached') return look
    clear = look.kind === 'not-sent' ? clear + 1 : 0
    if (look.kind === 'not-sent' && clear === CLEAR_LOOKS) return look
    if (look.kind === 'unclear') why = look.why
  }
  throw actionFailure(
    `The work on this job was interrupted while '${entry.command}' was being sent, and the router does not tell ` +
      `whether it got the command (${why}). It is not sent again. Check the router, then submit the job anew.`,
  )
}

async function lookOnce(context: ActionContext, entry: JournalEntry): Promise<Look> {
  const { dialect } = context
  const request = parseInstallRequest(await readThroughOutages(context, dialect.commands.request))
  const index = await readThroughOutages(context, dialect.commands.log)
  const since = entry.before.lastOperation
  const ids = [
    ...new Set([...loggedIds(index), ...(request.operationId === undefined ? [] : [request.operationId])]),
  ]
  const fresh = ids.filter((id) => since === undefined || id > since).sort((a, b) => a - b)
  // Without a baseline every operation is a candidate; only the running one can be ours for sure.
  const candidates = since === undefined ? fresh.filter((id) => id === request.operationId) : fresh
  const ours: number[] = []
  for (const id of candidates) {
    if (isLogOf(entry.kind, await readThroughOutages(context, dialect.commands.logOf(id)))) ours.push(id)
  }
  const [operationId, ...others] = ours
  if (operationId !== undefined && others.length === 0) return { kind: 'operation', operationId }
  if (others.length > 0) return { kind: 'unclear', why: `operations ${ours.join(', ')} could be it` }
  const software = await throughOutages(context, () => readSoftware(context))
  if (isReached(entry.kind, entry.before, software, context.names)) {
    return { kind: 'reached' }
  }
  const why = doubtOf(request, index, since)
  return why === undefined ? { kind: 'not-sent' } : { kind: 'unclear', why }
}

/** Why the router's answers do not prove that it never got the command; undefined if they do. */
function doubtOf(request: InstallRequest, index: string, since: number | undefined): string | undefined {
  if (request.operationId !== undefined || request.percent !== undefined) {
    return 'an install operation is running that it does not describe'
  }
  if (!request.idle) return 'it does not tell whether an install operation is running'
  if (since === undefined) return 'its install log could not be read before'
  // The log must show at least what it showed before, or it is not the log.
  const last = lastLogged(index)
  return last !== undefined && last >= since
    ? undefined
    : 'its install log does not show what it showed before'
}
