// What an executor does between SIGTERM and its end, by the times of the runs' own events.
import type { Check, EventRow, Evidence } from './evidence.ts'

/** A busy process hears of a signal late. */
const HEARS_WITHIN_MS = 1_000

/**
 * Whether executors that were told to stop took runs all the same. The answer to a last question for work may come late;
 * such a run is handed over as it is.
 */
export const stopCheck: Check = (evidence) =>
  told(evidence).flatMap(({ executor, atMs }) =>
    evidence.events
      .filter((event) => isTaken(event, executor) && event.at.getTime() > atMs + HEARS_WITHIN_MS)
      .filter((event) => isBegun(evidence, event))
      .map((event) => `${executor} took job ${event.job_id} ${event.at.getTime() - atMs} ms after SIGTERM`),
  )

/** Each process of an executor that was sent a SIGTERM, by the name that is unique to each start. */
function told({ events, disturbances }: Evidence): { executor: string; atMs: number }[] {
  return disturbances.flatMap(({ method, target, at }) => {
    if (method !== 'SIGTERM' || !target.startsWith('executor')) return []
    const atMs = Date.parse(at)
    // Replicas keep their name over restarts: the one that was told is the last to have taken anything before.
    const before = events.filter(
      (event) => isTaken(event) && event.at.getTime() <= atMs && nameOf(event) === target,
    )
    const last = before.sort((one, other) => one.at.getTime() - other.at.getTime()).at(-1)
    return last === undefined ? [] : [{ executor: String(last.payload['executor']), atMs }]
  })
}

/** Something happened in the attempt beside taking the run and giving it back. */
const isBegun = ({ events }: Evidence, { job_id, attempt }: EventRow): boolean =>
  events.some(
    (event) =>
      event.job_id === job_id &&
      event.attempt === attempt &&
      !['claimed', 'resumed', 'handed-over'].includes(event.kind),
  )

const isTaken = ({ kind, payload }: EventRow, executor?: string): boolean =>
  ['claimed', 'resumed'].includes(kind) && (executor === undefined || payload['executor'] === executor)

/** `executor-2-4f1c…` → `executor-2`. */
const nameOf = ({ payload }: EventRow): string => String(payload['executor']).replace(/-[0-9a-f]+$/, '')
