// What a run of the chaos suite tells at its end.
import type { Disturbance } from './disturbances.ts'
import type { Evidence } from './evidence.ts'
import { overlapping } from './session-checks.ts'

export interface Report {
  seed: number
  seconds: number
  jobs: number
  byState: Readonly<Record<string, number>>
  /** By kind, for example `SIGKILL executor`. */
  faults: Readonly<Record<string, number>>
  /** Attempts after the first of a job. */
  recoveries: number
  longestRecoverySeconds: number
  /** Jobs that failed because their router dropped an operation, and were submitted again. */
  resubmitted: number
  clientRetries: number
  /** Sessions on all routers, and how many were open beside one of a later run after a lost lease. */
  sessions: number
  sessionsOverlapping: number
}

export function makeReport(
  evidence: Evidence,
  faults: readonly Disturbance[],
  given: Pick<Report, 'seed' | 'seconds' | 'clientRetries'>,
): Report {
  const gaps = recoveries(evidence)
  return {
    ...given,
    jobs: evidence.accepted.length,
    byState: count(evidence.api.map(({ status }) => status)),
    faults: count(faults.map(({ method, target }) => `${method} ${target.replace(/-\d+$/, '')}`)),
    recoveries: gaps.length,
    longestRecoverySeconds: Math.max(0, ...gaps) / 1_000,
    resubmitted: evidence.scheduler.filter(({ submission }) => submission > 1).length,
    sessions: evidence.sessions.length,
    sessionsOverlapping: overlapping(evidence).length,
  }
}

/** From the last event of an attempt to the first of the next, in milliseconds, for every attempt after the first. */
function recoveries({ events }: Evidence): number[] {
  return events.flatMap((event, index) => {
    const before = events[index - 1]
    const isNext = before?.job_id === event.job_id && before.attempt < event.attempt
    return isNext && before !== undefined ? [event.at.getTime() - before.at.getTime()] : []
  })
}

function count(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of [...keys].sort()) counts[key] = (counts[key] ?? 0) + 1
  return counts
}
