// What runs are doing, as executors tell it: kept in memory and written together about once a second. Lossy by
// design; the executor's job events are the record.

import type { executorEvents, PayloadOf } from '@slipway/contracts'
import type { Log } from '@slipway/database'
import { cleanText, type RunMessage } from './run.ts'

const WRITE_EVERY_MS = 1_000

export interface ProgressDeps {
  write: (messages: readonly RunMessage[]) => Promise<void>
  log: Log
}

export interface Progress {
  /** A run progressed. */
  hear(progressed: PayloadOf<typeof executorEvents.runProgressed>): void
  /** Writes what was heard now. Never rejects. */
  flush(): Promise<void>
  /** Writes what is left and ends. */
  stop(): Promise<void>
}

export function createProgress({ write, log }: ProgressDeps): Progress {
  const heard = new Map<number, RunMessage>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const flush = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const messages = [...heard.values()]
    heard.clear()
    if (messages.length > 0) {
      writing = writing
        .then(() => write(messages))
        .catch((error: unknown) => log.warn({ err: error }, 'the progress of runs could not be stored'))
    }
    return writing
  }
  return {
    hear({ jobId, submission, message, percent }) {
      const known = heard.get(jobId)
      if (known !== undefined && known.submission > submission) return
      heard.set(jobId, { jobId, submission, message: cleanText(withPercent(message, percent)) })
      timer ??= setTimeout(() => void flush(), WRITE_EVERY_MS)
    },
    flush,
    stop: flush,
  }
}

/** `Copying a.pie`, 45 → `Copying a.pie 45%`; a message that tells its percentage already stays as it is. */
function withPercent(message: string, percent: number | undefined): string {
  return percent === undefined || message.endsWith('%') ? message : `${message} ${percent}%`
}
