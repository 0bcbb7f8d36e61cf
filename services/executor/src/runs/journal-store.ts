// The journal: a mutating command stands here before it is sent. Writing the row is the fence (design, section 5):
// one statement that finds no run of this attempt with a living lease writes nothing, and then nothing is sent.
import type { changeKinds } from '@slipway/contracts'
import type { Db } from '../executor-store.ts'
import type { LogLengths } from '../logs/log-store.ts'
import type { RunKey } from './run.ts'

/** `abort` stops an operation of an earlier command. */
export type MutationKind = (typeof changeKinds)[number]

/** How a journalled command ended. `not-sent`: the router was asked and knows nothing of it. */
export type MutationOutcome = 'succeeded' | 'failed' | 'refused' | 'not-sent'

/** What was known before the command; what came after is told apart by it, also by another executor. */
export interface Baseline {
  /** When it was read, by the executor's clock (ISO 8601). */
  readonly at: string
  /** What the command is about: files of an Add, the router's names otherwise. */
  readonly targets: readonly string[]
  /** Package lists, to tell afterwards what changed. */
  readonly inactive: readonly string[]
  readonly active: readonly string[]
  /** Highest install operation id in its log; absent if it could not be read. */
  readonly lastOperation?: number
  /** Seconds since it booted; absent if it could not be read. */
  readonly uptimeSeconds?: number
  /** The version that ran; absent if it could not be read. */
  readonly version?: string
}

export interface JournalEntry {
  readonly id: bigint
  readonly attempt: number
  readonly kind: MutationKind
  /** Secrets are masked. */
  readonly command: string
  readonly before: Baseline
  readonly writtenAt: Date
  readonly operationId: number | undefined
  /** The router announced a restart. */
  readonly reload: boolean
  readonly outcome: MutationOutcome | undefined
  readonly detail: string | undefined
}

interface JournalRow {
  id: bigint
  attempt: number
  kind: MutationKind
  command: string
  before: Baseline
  written_at: Date
  operation_id: number | null
  reload: boolean
  outcome: MutationOutcome | null
  detail: string | null
}

const toEntry = (row: JournalRow): JournalEntry => ({
  id: row.id,
  attempt: row.attempt,
  kind: row.kind,
  command: row.command,
  before: row.before,
  writtenAt: row.written_at,
  operationId: row.operation_id ?? undefined,
  reload: row.reload,
  outcome: row.outcome ?? undefined,
  detail: row.detail ?? undefined,
})

export type JournalStore = ReturnType<typeof createJournalStore>

export function createJournalStore(db: Db) {
  return {
    /**
     * Writes the command down, or nothing if the run is no longer ours or was cancelled. Only an abort may still be
     * sent for a cancelled run. `logged`: how long the session logs are.
     */
    async write(
      key: RunKey,
      entry: { kind: MutationKind; command: string; before: Baseline; logged?: LogLengths },
    ): Promise<JournalEntry | undefined> {
      const rows = await db.$queryRaw<JournalRow[]>`
        WITH held AS (
          UPDATE run SET event_seq = event_seq + 1
          WHERE job_id = ${key.jobId} AND attempt = ${key.attempt} AND state = 'running' AND lease_until > now()
            AND (${entry.kind}::text = 'abort' OR NOT EXISTS (
                   SELECT 1 FROM cancellation wanted
                   WHERE wanted.job_id = run.job_id AND wanted.submission = run.submission))
          RETURNING job_id, submission, attempt, event_seq
        ), told AS (
          INSERT INTO job_event (job_id, seq, attempt, kind, payload, steps_length, terminal_length)
          SELECT job_id, event_seq, attempt, 'command',
                 jsonb_build_object('change', ${entry.kind}::text, 'command', ${entry.command}::text),
                 ${entry.logged?.steps ?? null}::bigint, ${entry.logged?.terminal ?? null}::bigint FROM held)
        INSERT INTO journal (job_id, submission, attempt, kind, command, before)
        SELECT job_id, submission, attempt, ${entry.kind}, ${entry.command}, ${JSON.stringify(entry.before)}::jsonb
        FROM held
        RETURNING id, attempt, kind, command, before, written_at, operation_id, reload, outcome, detail`
      const row = rows[0]
      return row === undefined ? undefined : toEntry(row)
    },

    /** The router named the operation, or announced a restart. */
    async note(key: RunKey, id: bigint, found: { operationId?: number; reload?: boolean }): Promise<void> {
      await db.$executeRaw`
        UPDATE journal SET operation_id = coalesce(${found.operationId ?? null}::int, operation_id),
                           reload = reload OR ${found.reload ?? false}
        FROM run WHERE journal.id = ${id} AND run.job_id = journal.job_id AND run.attempt = ${key.attempt}`
    },

    /** How it ended; the first conclusion stands, and only the attempt that has the run may draw one. */
    async conclude(key: RunKey, id: bigint, outcome: MutationOutcome, detail = ''): Promise<void> {
      await db.$executeRaw`
        UPDATE journal SET outcome = ${outcome}, detail = ${detail}, concluded_at = now()
        FROM run WHERE journal.id = ${id} AND journal.outcome IS NULL
                   AND run.job_id = journal.job_id AND run.attempt = ${key.attempt}`
    },

    /** Everything this submission of a job may have sent, oldest first. */
    async ofSubmission(jobId: number, submission: number): Promise<JournalEntry[]> {
      const rows = await db.$queryRaw<JournalRow[]>`
        SELECT id, attempt, kind, command, before, written_at, operation_id, reload, outcome, detail
        FROM journal WHERE job_id = ${jobId} AND submission = ${submission} ORDER BY id`
      return rows.map(toEntry)
    },
  }
}
