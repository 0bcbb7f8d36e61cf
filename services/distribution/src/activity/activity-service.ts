// The record of who published and who downloaded what. A download does not wait for it: entries are written together,
// at most a second later. While the database is away the latest are kept, within bounds.
import type { DistributionName } from '@slipway/contracts'
import type { Clock, ServiceDeps } from '@slipway/service-kit'
import type { Activity } from './activity.ts'
import type { ActivityStore } from './activity-store.ts'

export interface ActivityLog {
  add(entry: Pick<Activity, 'kind' | 'name'> & Partial<Activity>): void
  /** The latest first, at most 1,000. */
  list(name: DistributionName): Promise<Activity[]>
  /** Writes what waits. */
  stop(): Promise<void>
}

export interface ActivityDeps {
  readonly store: ActivityStore
  readonly clock: Pick<Clock, 'now'>
  readonly log: Pick<ServiceDeps<unknown>['log'], 'warn'>
  readonly keep: number
}

const WRITE_EVERY_MS = 1_000
const MOST_WAITING = 10_000
const MOST_AT_ONCE = 1_000
const MOST_LISTED = 1_000
/** Trimming costs a look; it is done after so many entries. */
const TRIM_AFTER = 1_000

export function createActivityLog({ store, clock, log, keep }: ActivityDeps): ActivityLog {
  let waiting: Activity[] = []
  let untrimmed = TRIM_AFTER
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let stopped = false

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const entries = waiting.splice(0, MOST_AT_ONCE)
      try {
        await store.add(entries)
        untrimmed += entries.length
        if (untrimmed < TRIM_AFTER) continue
        await store.trim(keep)
        untrimmed = 0
      } catch (err) {
        log.warn({ err, entries: entries.length }, 'the record of distributions could not be written')
        if (stopped) return
        waiting = [...entries, ...waiting].slice(-MOST_WAITING)
        return
      }
    }
  }
  function schedule(): void {
    if (stopped || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      void flush().then(() => (waiting.length > 0 ? schedule() : undefined))
    }, WRITE_EVERY_MS).unref()
  }
  function flush(): Promise<void> {
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }
  return {
    add(entry) {
      const {
        kind,
        name,
        at = clock.now(),
        sha256 = '',
        actor = '',
        address = '',
        bytes = 0,
        complete = true,
      } = entry
      waiting.push({ at, kind, name, sha256, actor, address, bytes, complete })
      if (waiting.length > MOST_WAITING) waiting.shift()
      schedule()
    },
    async list(name) {
      await flush()
      return store.list(name, MOST_LISTED)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await flush()
    },
  }
}
