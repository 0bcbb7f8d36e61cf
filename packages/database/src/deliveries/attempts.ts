import { messageOf } from '../errors.ts'
import type { RelaySettings } from './relay-settings.ts'
import { type FailedAttempt, type OutboxRow, postpone, remove } from './relay-store.ts'
import type { SqlExecutor } from './sql-executor.ts'

const LONGEST_ERROR_TEXT = 500

/** The deliveries under way, and what became of those that ended. */
export interface Attempts {
  size(): number
  begin(row: OutboxRow): void
  /** Writes down what ended. If that fails it is kept for the next time. */
  flush(db: SqlExecutor): Promise<void>
  /** Waits for all, at most `graceMs`, then breaks off the rest, which another relay may take at once. */
  end(graceMs: number): Promise<void>
}

/** @param onEnd called whenever an attempt has ended */
export function createAttempts(settings: RelaySettings, onEnd: () => void): Attempts {
  const underWay = new Map<string, { ended: Promise<void>; abort: (reason: Error) => void }>()
  const recorded: string[] = []
  const failed: FailedAttempt[] = []
  let ending = false

  const fail = (row: OutboxRow, error: unknown): void => {
    const text = messageOf(error).replaceAll('\0', '').slice(0, LONGEST_ERROR_TEXT)
    const delayMs = ending ? 0 : settings.pauseMs(row.attempts)
    failed.push({ id: row.id, attempts: row.attempts, delayMs, error: text })
    // A receiver that restarts is no news; one that stays away is, again and again.
    const level = row.attempts % 10 === 3 ? 'warn' : 'debug'
    settings.log[level](
      { delivery: row.id, subject: row.subject, attempts: row.attempts, err: error },
      'a delivery was not recorded',
    )
  }

  const attempt = async (row: OutboxRow, controller: AbortController): Promise<void> => {
    try {
      await sendBounded(settings, row, controller)
      recorded.push(row.id)
    } catch (error) {
      fail(row, error)
    } finally {
      underWay.delete(row.id)
      onEnd()
    }
  }

  return {
    size: () => underWay.size,
    begin: (row) => {
      const controller = new AbortController()
      // Entered before it runs: a send that fails at once must find itself to remove.
      const entry = { ended: Promise.resolve(), abort: (reason: Error) => controller.abort(reason) }
      underWay.set(row.id, entry)
      entry.ended = attempt(row, controller)
    },
    flush: async (db) => {
      await keepOnFailure(recorded, (ids) => remove(db, ids))
      await keepOnFailure(failed, (rows) => postpone(db, rows))
    },
    end: async (graceMs) => {
      ending = true
      const timer = setTimeout(() => {
        for (const { abort } of underWay.values()) abort(new Error('the relay was stopped'))
      }, graceMs)
      await Promise.all([...underWay.values()].map(({ ended }) => ended))
      clearTimeout(timer)
    },
  }
}

/** Sends; rejects when the attempt takes too long or is broken off, also if `send` does not heed its signal. */
async function sendBounded(
  { send, sendTimeoutMs }: RelaySettings,
  { id, subject, payload }: OutboxRow,
  controller: AbortController,
): Promise<void> {
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer within ${sendTimeoutMs} ms`)),
    sendTimeoutMs,
  )
  const { signal } = controller
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      Promise.resolve(send({ id, subject, payload, signal })).then(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
  }
}

async function keepOnFailure<T>(list: T[], write: (items: T[]) => Promise<void>): Promise<void> {
  const items = list.splice(0)
  try {
    await write(items)
  } catch (error) {
    list.unshift(...items)
    throw error
  }
}
