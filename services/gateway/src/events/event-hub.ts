// All watched jobs of this gateway. It listens to the bus once for all of them; hints that are lost are made up for by
// asking every few seconds, for all jobs together.
import type { Bus } from '@slipway/bus'
import {
  createError,
  executorMessages,
  type JobPosition,
  type JobState,
  schedulerMessages,
} from '@slipway/contracts'
import type { Clock, ServiceDeps } from '@slipway/service-kit'
import type { Asker, Backend } from '../http/backend.ts'
import { type Cursor, isFinal, isTold } from './cursor.ts'
import { createJobFeed, type JobFeed } from './job-feed.ts'
import { hearHints } from './job-hints.ts'
import type { Watcher } from './watcher.ts'

/** States are asked for at most so many at a time. */
const STATES = 1_000

/** A watcher with a connection of his own. */
export interface ConnectedWatcher extends Watcher {
  /** Looks after the connection, about once a second. */
  tick(): void
}

export interface EventHub {
  /**
   * Whether there is or may come something after what the cursor says was seen; false at the end of a job.
   * Errors: SCHEDULER_DELETE_JOB_NOT_FOUND, GATEWAY_STREAMS_FULL, GATEWAY_STOPPING, the bus's.
   */
  hasMore(jobId: number, cursor: Cursor, asker: Asker): Promise<boolean>
  /** Tells a watcher what he has not seen, until he goes or there is nothing more. Errors: GATEWAY_STREAMS_FULL, _STOPPING. */
  add(jobId: number, watcher: ConnectedWatcher): Watching
  count(): number
  /** Ends every stream and takes no further one. */
  stop(): Promise<void>
}

export interface Watching {
  /** The watcher takes more again. */
  drained(): void
  /** The watcher is gone. */
  stop(): void
}

export interface EventHubDeps {
  bus: Pick<Bus, 'subscribe'>
  ask: Backend['ask']
  clock: Pick<Clock, 'monotonicMs'>
  log: Pick<ServiceDeps<unknown>['log'], 'debug'>
  /** Streams at a time. */
  limit: number
  /** False while it is not known whose credentials are still good. */
  mayTell: () => boolean
  times?: { tickMs: number; pollMs: number; retryMs: number }
}

const usualTimes = { tickMs: 1_000, pollMs: 5_000, retryMs: 1_000 }

export function createEventHub(deps: EventHubDeps): EventHub {
  const { ask, clock, log } = deps
  const times = deps.times ?? usualTimes
  const feeds = new Map<number, JobFeed>()
  const connected = new Set<ConnectedWatcher>()
  let stopped = false
  let polledAtMs = clock.monotonicMs()

  function assertOpen(): void {
    if (stopped) throw createError('GATEWAY_STOPPING')
    if (connected.size >= deps.limit) throw createError('GATEWAY_STREAMS_FULL')
  }
  const readStates = async (asker: Asker, ids: number[]) =>
    (await ask(asker, schedulerMessages.watchJobs, { ids })).rows
  const readPage = (jobId: number, asker: Asker, after: JobPosition, until?: JobPosition) => {
    const request = until === undefined ? { jobId, after } : { jobId, after, until }
    return ask(asker, executorMessages.followJob, request)
  }
  const assertMayTell = () => {
    if (!deps.mayTell()) throw createError('AUTH_STALE_REVOCATIONS')
  }

  function feedOf(jobId: number): JobFeed {
    const known = feeds.get(jobId)
    if (known !== undefined) return known
    const feed = createJobFeed({
      jobId,
      readState: async (asker) => {
        assertMayTell()
        const [state] = await readStates(asker, [jobId])
        return state
      },
      readPage: async (asker, after, until) => {
        assertMayTell()
        return readPage(jobId, asker, after, until)
      },
      failed: (err) => log.debug({ err, jobId }, 'a watched job could not be read'),
      retryMs: times.retryMs,
    })
    feeds.set(jobId, feed)
    return feed
  }

  /** What was lost on its way is found within `pollMs`. */
  async function poll(): Promise<void> {
    const ids = [...feeds.keys()]
    for (let from = 0; from < ids.length; from += STATES) {
      const some = ids.slice(from, from + STATES)
      const [first] = some.flatMap((id) => [...(feeds.get(id)?.watchers ?? [])].slice(0, 1))
      if (first === undefined) continue
      const rows = await readStates(first.asker, some)
      const states = new Map<number, JobState>(rows.map((row) => [row.id, row]))
      for (const id of some) feeds.get(id)?.stateRead(states.get(id))
    }
    for (const feed of feeds.values()) if (feed.inProgress()) feed.recordChanged()
  }
  function tick(): void {
    for (const watcher of [...connected]) watcher.tick()
    if (feeds.size === 0 || clock.monotonicMs() - polledAtMs < times.pollMs || !deps.mayTell()) return
    polledAtMs = clock.monotonicMs()
    poll().catch((err: unknown) => log.debug({ err }, 'the watched jobs could not be asked for'))
  }
  const timer = setInterval(tick, times.tickMs).unref()
  const registrations = hearHints(deps.bus, (jobId) => feeds.get(jobId))

  return {
    async hasMore(jobId, cursor, asker) {
      assertOpen()
      const [state] = await readStates(asker, [jobId])
      if (state === undefined) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [jobId])
      if (!isFinal(state) || !isTold(state, cursor.state)) return true
      const { parts, more } = await readPage(jobId, asker, cursor.position)
      return more || parts.length > 0
    },
    add(jobId, watcher) {
      assertOpen()
      connected.add(watcher)
      const feed = feedOf(jobId)
      feed.add(watcher)
      return {
        drained: feed.drained,
        stop() {
          connected.delete(watcher)
          feed.remove(watcher)
          if (feed.watchers.size > 0 || feeds.get(jobId) !== feed) return
          feed.close()
          feeds.delete(jobId)
        },
      }
    },
    count: () => connected.size,
    async stop() {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      for (const feed of [...feeds.values()]) feed.close()
      await Promise.all(registrations.map((registration) => registration.drain()))
    },
  }
}
