// The queue as metrics show it: how many jobs wait, for which reason. The reasons are those of `whyWaiting`, counted.
import type { SwitchScope } from '@slipway/contracts'
import type { Limits } from './run.ts'

/** What the database counts. */
export interface QueueCounts {
  /** Their scheduled time has not come. */
  later: number
  /** Due, but the job they depend on is not completed. */
  blocked: number
  /** Due, with nothing to wait for but their turn. */
  ready: number
  /** Of these, the ones that are next on a host on which nothing runs, and that somebody paused. */
  paused: number
  /** Those that nobody paused. */
  startable: { region: string; jobs: number }[]
  running: { region: string; kind: 'install' | 'inventory'; jobs: number }[]
  /** When the one that has been startable for longest became due. */
  oldestDue: Date | undefined
  /** Switches that are paused. */
  switches: { scope: SwitchScope; paused: number }[]
}

/** Why jobs wait; a closed list, it is a label. */
export const waitReasons = ['scheduled-time', 'dependency', 'paused', 'host', 'limit', 'executor'] as const
export type WaitReason = (typeof waitReasons)[number]

/** How many jobs wait for each reason. */
export function countByReason(counts: QueueCounts, limits: Limits): Record<WaitReason, number> {
  const startable = sum(counts.startable)
  const admitted = sum(
    counts.startable.map(({ region, jobs }) => {
      const running = sum(counts.running.filter((one) => one.region === region))
      return { jobs: Math.min(jobs, room(limits.runningPerRegion, running)) }
    }),
  )
  const executor = Math.min(admitted, room(limits.running, sum(counts.running)))
  return {
    'scheduled-time': counts.later,
    dependency: counts.blocked,
    paused: counts.paused,
    // A host that was released in between may leave a moment in which more can start than is ready.
    host: Math.max(0, counts.ready - counts.paused - startable),
    limit: startable - executor,
    executor,
  }
}

/** Places below a limit, of which 0 is none. */
const room = (limit: number, running: number): number =>
  limit > 0 ? Math.max(0, limit - running) : Number.POSITIVE_INFINITY

const sum = (counted: readonly { jobs: number }[]): number =>
  counted.reduce((total, { jobs }) => total + jobs, 0)
