/** What sessions and commands see of their router. */
import type { FamilyProfile } from './families.ts'
import type { FaultScript } from './faults.ts'
import type { Fetchers } from './fetch/fetcher.ts'
import type { InstallEngine } from './install/install-engine.ts'
import type { Operation } from './install/operation.ts'
import type { Session } from './session/session.ts'
import type { Transcript } from './session/transcript.ts'
import type { PackageStore } from './software/package-store.ts'

/** How long things take on a simulated router, in milliseconds. */
export interface Timing {
  /** An install operation. */
  readonly operationMs: number
  /** From the end of an operation that needs a reload (or a confirmed reload) to the loss of the sessions. */
  readonly reloadDelayMs: number
  /** How long the port refuses connections during a reload. */
  readonly reloadMs: number
  /** After a reload: how long nodes are shown as booting. */
  readonly settleMs: number
  /** Idle sessions are closed after this; 0 never. */
  readonly idleMs: number
}

/** Fast enough for tests. */
export const DEFAULT_TIMING: Timing = {
  operationMs: 300,
  reloadDelayMs: 50,
  reloadMs: 500,
  settleMs: 200,
  idleMs: 600_000,
}

/** A router as its commands use it. */
export interface RouterCore {
  readonly name: string
  readonly hostname: string
  readonly profile: FamilyProfile
  readonly serial: string
  readonly store: PackageStore
  readonly engine: InstallEngine
  readonly faults: FaultScript
  readonly fetchers: Fetchers
  readonly timing: Timing
  readonly diskBytes: number
  /** Whether the bare `admin` command of eXR asks for user and password. */
  readonly adminLogin: boolean
  readonly banner: string
  readonly now: () => Date
  readonly bootedAt: () => Date
  /** False while line cards still boot after a reload. */
  readonly settled: () => boolean
  readonly sessions: () => readonly Session[]
  readonly checkLogin: (user: string, password: string) => boolean
  /** Goes down after `reloadDelayMs` and comes back after `reloadMs`. */
  readonly reload: (reason: string) => void
  readonly syslog: (text: string) => void
  readonly syslogLines: () => readonly string[]
  /** A line was received: counts it if it changes something. */
  readonly received: (line: string, session: Session) => void
  readonly transcript: Transcript
  /** Prints the last words of an operation to the session that started it, if it is still there. */
  readonly announce: (operation: Operation, lines: readonly string[], session: Session) => void
}
