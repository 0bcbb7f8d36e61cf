// Whether there are executors: each is noted when it asks for work, in the database, as it may ask any scheduler.
import type { Clock } from '@slipway/service-kit'

/** An executor that asks more often is noted once in so many milliseconds. */
const NOTE_EVERY_MS = 5_000

export interface AsksDeps {
  note: (executorId: string, now: Date) => Promise<void>
  clock: Pick<Clock, 'now'>
}

export interface Asks {
  /** An executor asked for work. */
  heard(executorId: string): Promise<void>
}

export function createAsks({ note, clock }: AsksDeps): Asks {
  const noted = new Map<string, number>()
  return {
    async heard(executorId) {
      const now = clock.now()
      for (const [id, at] of noted) if (Math.abs(now.getTime() - at) >= NOTE_EVERY_MS) noted.delete(id)
      if (noted.has(executorId)) return
      noted.set(executorId, now.getTime())
      await note(executorId, now)
    },
  }
}
