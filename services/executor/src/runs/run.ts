// A run is one claimed job in the hands of an executor. `attempt` is its fence: whoever takes a run over raises it,
// and from then on no statement of the earlier attempt touches anything. A lease says until when the owner may act;
// it ends by the database's clock, and the owner stops five seconds earlier by its own.
import type { ClaimedJob } from '@slipway/contracts'

export const runStates = ['claimed', 'running', 'ended'] as const
export type RunState = (typeof runStates)[number]

/** A run as the database has it. */
export interface Run {
  readonly jobId: number
  readonly submission: number
  readonly attempt: number
  /** Journal rows of earlier attempts belong to an earlier submission. */
  readonly firstAttempt: number
  readonly state: RunState
  /** Who claimed it from the scheduler, and so who confirms it. */
  readonly claimedBy: string
  readonly job: ClaimedJob
  readonly startedAt: Date | undefined
  /** Who wanted it stopped before it came into these hands. */
  readonly cancelledBy: string | undefined
}

/** How a run ended, as it is told to the scheduler. */
export interface RunResult {
  readonly outcome: 'completed' | 'failed'
  readonly statusMessage: string
  readonly trace: string
  readonly warnings: readonly string[]
  readonly packageChanges: readonly string[]
}

/** Times of leases in milliseconds. */
export interface LeaseTimes {
  readonly leaseMs: number
  readonly renewMs: number
  /** After the end of a lease nobody takes the run over for this long. */
  readonly takeOverGraceMs: number
  /** Before the end of a lease its owner stops sending by this margin. */
  readonly marginMs: number
}

/** A run as it is fenced: which attempt of which job. */
export type RunKey = Pick<Run, 'jobId' | 'attempt'>
/**
 * The same by whose claim it is held: attempts of a run that was dropped are counted from one again, and who claimed it
 * before may come back late.
 */
export type RunHold = Pick<Run, 'jobId' | 'attempt' | 'claimedBy'>
