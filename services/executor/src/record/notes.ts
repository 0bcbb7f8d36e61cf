// Hints that there is more of a job's record, for those who follow it: after the statement that wrote it is done, the
// first of a burst at once, then a few a second. What a transaction of somebody else writes is told by him.
import type { EventStore } from '../runs/event-store.ts'
import type { JournalStore } from '../runs/journal-store.ts'
import type { ResultService } from '../runs/result-service.ts'
import type { RunStore } from '../runs/run-store.ts'

export type Note = (jobId: number) => void

export interface Notes {
  note: Note
  close(): void
}

/** @param publish sends the hints of many jobs @param intervalMs the news of a job that was told of is told so often */
export function createNotes(publish: (jobIds: number[]) => void, intervalMs: number): Notes {
  let fresh = new Set<number>()
  /** Told of in this interval, and again after it if there was more. */
  let told = new Set<number>()
  let again = new Set<number>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const tell = (jobIds: ReadonlySet<number>) => {
    if (jobIds.size > 0 && !closed) publish([...jobIds])
  }
  /** What one statement wrote of many jobs is one message. */
  const tellFresh = () => {
    tell(fresh)
    fresh = new Set()
  }
  const nextInterval = () => {
    tell(again)
    told = again
    again = new Set()
    timer = told.size === 0 ? undefined : setTimeout(nextInterval, intervalMs).unref()
  }
  return {
    note(jobId) {
      if (closed) return
      if (told.has(jobId)) {
        again.add(jobId)
        return
      }
      told.add(jobId)
      if (fresh.size === 0) setImmediate(tellFresh)
      fresh.add(jobId)
      timer ??= setTimeout(nextInterval, intervalMs).unref()
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

/** The same stores, each noting what it wrote. */
export function notingStores(
  note: Note,
  { runs, events, journal }: { runs: RunStore; events: EventStore; journal: JournalStore },
): { runs: RunStore; events: EventStore; journal: JournalStore } {
  const after = async <T>(jobId: number, work: Promise<T>): Promise<T> => {
    const result = await work
    note(jobId)
    return result
  }
  return {
    events: { ...events, append: (key, ...rest) => after(key.jobId, events.append(key, ...rest)) },
    journal: { ...journal, write: (key, entry) => after(key.jobId, journal.write(key, entry)) },
    runs: {
      ...runs,
      async start(keys) {
        const started = await runs.start(keys)
        for (const { jobId } of keys) note(jobId)
        return started
      },
      release: (key) => after(key.jobId, runs.release(key)),
      async record(executorId, jobs) {
        const recorded = await runs.record(executorId, jobs)
        for (const { jobId } of recorded) note(jobId)
        return recorded
      },
      async takeOver(executorId, limit) {
        const taken = await runs.takeOver(executorId, limit)
        for (const { run } of taken) note(run.jobId)
        return taken
      },
    },
  }
}

/** The same service, noting the end of a run once it is committed. */
export function notingResults(note: Note, results: ResultService): ResultService {
  return {
    ...results,
    async record(active, ...rest) {
      await results.record(active, ...rest)
      note(active.run.jobId)
    },
  }
}
