// How deep the queue is, in one statement; asked when somebody scrapes metrics.
import { queueIsNotPaused } from '../dispatch/switch-store.ts'
import type { Db } from '../scheduler-store.ts'
import type { QueueCounts } from './queue.ts'
import { isRunning } from './running-store.ts'

interface QueueRow {
  later: number
  blocked: number
  ready: number
  paused: number
  startable: { region: string; jobs: number }[]
  running: { region: string; kind: 'install' | 'inventory'; jobs: number }[]
  oldest_due: Date | null
  switches: QueueCounts['switches']
}

/**
 * Counts jobs that wait and run. Waiting jobs are counted over their partial index; a host's place names the one job
 * of it that could start, so nothing is sorted.
 */
export async function countQueue(db: Db, now: Date): Promise<QueueCounts> {
  const [row] = await db.$queryRaw<QueueRow[]>`
    SELECT waiting.*, due.*, running.*, switch.*
      FROM (SELECT count(*) FILTER (WHERE scheduled_time > ${now}::timestamptz)::int AS later,
                   count(*) FILTER (WHERE scheduled_time <= ${now}::timestamptz AND NOT dependency_met)::int AS blocked,
                   count(*) FILTER (WHERE scheduled_time <= ${now}::timestamptz AND dependency_met)::int AS ready
              FROM job WHERE status = 'scheduled' AND NOT ${isRunning('job')}) waiting,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('region', region, 'jobs', jobs))
                              FILTER (WHERE jobs > 0), '[]') AS startable,
                   coalesce(sum(held), 0)::int AS paused, min(oldest) AS oldest_due
              FROM (SELECT region, count(*) FILTER (WHERE open)::int AS jobs, count(*) FILTER (WHERE NOT open) AS held,
                           min(due) FILTER (WHERE open) AS oldest
                      FROM (SELECT queue.region, queue.due, (${queueIsNotPaused}) AS open FROM queue
                             WHERE queue.due <= ${now}::timestamptz) each_host GROUP BY region) by_region) due,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('region', region, 'kind', kind, 'jobs', jobs)), '[]') AS running
              FROM (SELECT region, kind, count(*)::int AS jobs FROM running GROUP BY region, kind) by_region) running,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('scope', scope, 'paused', paused)), '[]') AS switches
              FROM (SELECT scope, count(*)::int AS paused FROM dispatch_switch GROUP BY scope) by_scope) switch`
  return {
    later: row?.later ?? 0,
    blocked: row?.blocked ?? 0,
    ready: row?.ready ?? 0,
    paused: row?.paused ?? 0,
    startable: row?.startable ?? [],
    running: row?.running ?? [],
    oldestDue: row?.oldest_due ?? undefined,
    switches: row?.switches ?? [],
  }
}
