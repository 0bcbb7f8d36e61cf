// How a cancelled run ends: what it began on its router is stopped where the router lets us, and the result says what
// happened there. What was carried out before stays; nothing further is sent.
import { stopOperation } from '../actions/abort.ts'
import type { ActionContext } from '../actions/action.ts'
import { summarize } from '../actions/device-text.ts'
import { platformFor } from '../actions/platforms.ts'
import type { JournalEntry } from './journal-store.ts'
import type { Cancellation } from './run-control.ts'
import { type Learned, refresh, type Work } from './run-work.ts'

/** First words of the result of a cancelled run. */
export function cancelledBy({ by }: Cancellation): string {
  return by === undefined ? 'Cancelled.' : `Cancelled by ${by}.`
}

/** The last command that may have changed the router, if one was sent. */
export function lastChange(entries: readonly JournalEntry[]): JournalEntry | undefined {
  return entries.findLast(({ kind, outcome }) => kind !== 'abort' && outcome !== 'not-sent')
}

/** What is known without asking the router; undefined if it must be asked. */
export function knownEnd(entry: JournalEntry | undefined): string | undefined {
  if (entry === undefined) return 'Nothing was changed on the router.'
  const { kind, command, outcome, detail, reload, before } = entry
  if (outcome === 'succeeded') {
    const restarts = reload ? ' The router restarts because of it; that was not waited for.' : ''
    return `'${command}' had been carried out.${restarts}`
  }
  if (outcome !== undefined) return `'${command}' had no effect: ${summarize(detail ?? '')}`
  // The session was closed, and with it ended the router's copying.
  if (kind === 'copy')
    return `'${before.targets.join(' ')}' was being copied to the router; it may be there in part.`
  return undefined
}

/** Stops on the router what a command may have begun. @returns what happened */
export async function stopWork(
  work: Work,
  learned: Learned,
  entry: JournalEntry,
  reachMs: number,
): Promise<string> {
  const { device } = work
  const facts =
    learned.discovery !== undefined && device.connected() ? device.facts() : await device.reconnect(reachMs)
  const { dialect, plans } = platformFor(facts.osType)
  const times = { ...work.times, reloadMs: Math.min(reachMs, work.times.reloadMs) }
  const context: ActionContext = { ...work, times, dialect, facts: device.facts }
  const happened = await stopOperation(context, entry)
  const { action } = work.job
  if (action !== undefined && device.connected()) await refresh(context, plans[action], learned)
  return happened
}
