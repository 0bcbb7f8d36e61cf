// Runs of jobs: how they are asked for, confirmed, and how they end.
import type { InstallAction, RequestOf, RunResult, schedulerMessages } from '@slipway/contracts'

/** Who asks for how much. */
export type Claim = RequestOf<typeof schedulerMessages.claimRuns>

/** A run that a result has ended. */
export interface EndedRun {
  id: number
  hostId: string
  kind: 'install' | 'inventory'
  outcome: RunResult['outcome']
  /** Absent for a discovery. */
  action?: InstallAction | undefined
  /** Of the request that created the job. */
  requestId?: string | undefined
}

/** What a run is doing, for its status message. */
export interface RunMessage {
  jobId: number
  submission: number
  message: string
}

/** How many runs may be in progress at the same time, in all and per region; 0 is no limit. */
export interface Limits {
  running: number
  runningPerRegion: number
}

/** A result as PostgreSQL can store it. */
export function cleanResult(result: RunResult): RunResult {
  return {
    ...result,
    statusMessage: cleanText(result.statusMessage),
    trace: cleanText(result.trace),
    warnings: result.warnings.map(cleanText),
    packageChanges: result.packageChanges.map(cleanText),
  }
}

/** A router's words may hold NUL bytes or half characters, which PostgreSQL refuses. */
export function cleanText(text: string): string {
  return Buffer.from(text.replaceAll('\0', '')).toString()
}
