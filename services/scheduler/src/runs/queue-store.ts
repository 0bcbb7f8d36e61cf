// How deep the queue is, in one statement; asked when somebody scrapes metrics.
import type { Db } from '../scheduler-store.ts'
import type { QueueCounts } from './queue.ts'

interface QueueRow {
  later: number
  blocked: number
  ready: number
  startable: { region: string; jobs: number }[]
  running: { region: string; kind: 'install' | 'inventory'; jobs: number }[]
  oldest_due: Date | null
}

/**
 * Counts jobs that wait and run. Waiting jobs are counted over their partial index; a host's row names the one job of
 * it that could start, so nothing is sorted.
 */
export async function countQueue(db: Db, now: Date): Promise<QueueCounts> {
  const [row] = await db.$queryRaw<QueueRow[]>`
    SELECT waiting.*, due.*, running.*
      FROM (SELECT count(*) FILTER (WHERE scheduled_time > ${now}::timestamptz)::int AS later,
                   count(*) FILTER (WHERE scheduled_time <= ${now}::timestamptz AND NOT dependency_met)::int AS blocked,
                   count(*) FILTER (WHERE scheduled_time <= ${now}::timestamptz AND dependency_met)::int AS ready
              FROM job WHERE status = 'scheduled') waiting,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('region', region, 'jobs', jobs)), '[]') AS startable,
                   min(oldest) AS oldest_due
              FROM (SELECT region, count(*)::int AS jobs, min(next_due) AS oldest FROM host
                     WHERE next_due <= ${now}::timestamptz GROUP BY region) by_region) due,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('region', region, 'kind', kind, 'jobs', jobs)), '[]') AS running
              FROM (SELECT host.region, job.kind, count(*)::int AS jobs
                      FROM job JOIN host ON host.host_id = job.host_id
                     WHERE job.status = 'in-progress' GROUP BY host.region, job.kind) by_region) running`
  return {
    later: row?.later ?? 0,
    blocked: row?.blocked ?? 0,
    ready: row?.ready ?? 0,
    startable: row?.startable ?? [],
    running: row?.running ?? [],
    oldestDue: row?.oldest_due ?? undefined,
  }
}
