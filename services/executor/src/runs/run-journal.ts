// The journal as one run sees it: bound to its attempt, with its lease, and telling a database that is away from
// everything else, because then nothing mutating may be sent and the run is left to be taken over.
import type { ExecutorMetrics } from '../executor-metrics.ts'
import type { LogLengths } from '../logs/log-store.ts'
import type { ActiveRun } from './active-runs.ts'
import type { Baseline, JournalEntry, JournalStore, MutationKind, MutationOutcome } from './journal-store.ts'
import { runInterrupted } from './run-control.ts'
import type { RunStore } from './run-store.ts'

export interface RunJournal {
  /** Writes a command down before it is sent. Throws RUN_INTERRUPTED if the run is no longer ours, or cancelled. */
  write(kind: MutationKind, command: string, before: Baseline): Promise<JournalEntry>
  note(entry: JournalEntry, found: { operationId?: number; reload?: boolean }): Promise<void>
  conclude(entry: JournalEntry, outcome: MutationOutcome, detail?: string): Promise<void>
  /** What this submission of the job may have sent, in earlier attempts or this one, oldest first. */
  entries(): Promise<JournalEntry[]>
  /** For `beforeWrite`: throws unless the lease holds, in the same turn as the write. */
  readonly fence: () => void
}

interface RunJournalDeps {
  store: JournalStore
  runs: Pick<RunStore, 'cancelledBy'>
  /** Takes secrets out of what is written down. */
  mask: (text: string) => string
  /** Counts what is sent. */
  metrics: Pick<ExecutorMetrics, 'commandSent'>
  /** How long the session logs are now. */
  logged: () => LogLengths
}

/** Binds a journal to a run. */
export function createRunJournal(
  { store, runs, mask, metrics, logged }: RunJournalDeps,
  active: ActiveRun,
): RunJournal {
  const { run, control } = active
  return {
    async write(kind, command, before) {
      control.check()
      const entry = await store.write(run, { kind, command: mask(command), before, logged: logged() })
      if (entry === undefined) return refused(active, await runs.cancelledBy(run))
      metrics.commandSent(kind)
      return entry
    },
    note: (entry, found) => store.note(run, entry.id, found),
    conclude: (entry, outcome, detail) => store.conclude(run, entry.id, outcome, mask(detail ?? '')),
    entries: () => store.ofSubmission(run.jobId, run.submission),
    fence: () => active.assertLease(),
  }
}

/** The fence let nothing through: the run was cancelled, or it is somebody else's. */
function refused({ control }: ActiveRun, cancelledBy: string | undefined): never {
  if (cancelledBy === undefined) control.interrupt('lost')
  else control.cancel({ by: cancelledBy })
  control.check()
  throw runInterrupted('lost')
}
