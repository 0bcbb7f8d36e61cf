// What the checker looks at, gathered when all is over: the API's word, the routers' word, the databases' word. Read with
// plain SQL and HTTP; nothing of Slipway's code is used.
import pg from 'pg'
import type { JobRow as ApiJob } from '../harness/api.ts'
import type { Lab, RouterState, TranscriptEntry } from '../harness/lab.ts'
import { readZip } from '../harness/zip.ts'
import type { PatientClient } from './client.ts'
import type { Disturbance } from './disturbances.ts'
import { type RouterSession, readSessions } from './sessions.ts'
import type { AcceptedJob } from './workload.ts'

/** Answers what contradicts a promise, in words; nothing: it holds. */
export type Check = (evidence: Evidence) => string[]

export interface RunRow {
  job_id: number
  host_id: string
  kind: string
  action: string | null
  state: string
  attempt: number
  outcome: string | null
  started_at: Date | null
  ended_at: Date | null
}

export interface JournalRow {
  job_id: number
  attempt: number
  kind: string
  command: string
  outcome: string | null
}

export interface EventRow {
  job_id: number
  seq: number
  attempt: number
  at: Date
  kind: string
  payload: Record<string, unknown>
}

export interface SchedulerJob {
  id: number
  kind: string
  hostname: string
  /** 1, and one more for each time it was resubmitted. */
  submission: number
  status: string
  started_at: Date | null
  finished_at: Date | null
  depends_on: number | null
}

export interface Evidence {
  accepted: readonly AcceptedJob[]
  api: readonly ApiJob[]
  /** By router. */
  routers: ReadonlyMap<string, RouterState>
  transcripts: ReadonlyMap<string, readonly TranscriptEntry[]>
  /** Every session of every router, with the job whose log tells of it. */
  sessions: readonly RouterSession[]
  /** What was done to the processes. */
  disturbances: readonly Disturbance[]
  scheduler: readonly SchedulerJob[]
  runs: readonly RunRow[]
  journal: readonly JournalRow[]
  events: readonly EventRow[]
  /** Undelivered rows by database. */
  undelivered: ReadonlyMap<string, number>
  /** Files of the session logs of each accepted job. */
  logs: ReadonlyMap<number, ReadonlyMap<string, Buffer>>
  /** Answers of status 500. */
  faults: readonly string[]
}

interface Sources {
  client: PatientClient
  lab: Lab
  databases: ReadonlyMap<string, string>
  accepted: readonly AcceptedJob[]
  disturbances: readonly Disturbance[]
}

export async function gather({ client, lab, databases, accepted, disturbances }: Sources): Promise<Evidence> {
  const ask = async <R extends pg.QueryResultRow>(database: string, sql: string): Promise<R[]> =>
    withDatabase(databases.get(database) ?? '', async (connection) => (await connection.query<R>(sql)).rows)
  const { install_job_list: api } = await client.ask<{ install_job_list: ApiJob[] }>('GET', '/install')
  const states = await Promise.all(lab.routers.map(({ name }) => lab.state(name)))
  const runs = await ask<RunRow>('executor', runSql)
  const logs = await readLogs(client, accepted)
  const transcripts = await readTranscripts(lab)
  return {
    accepted,
    api,
    routers: new Map(states.map((state) => [state.name, state])),
    transcripts,
    sessions: readSessions({ transcripts, logs, accepted, runs }),
    disturbances,
    scheduler: await ask('scheduler', schedulerSql),
    runs,
    journal: await ask('executor', journalSql),
    events: await ask('executor', eventSql),
    undelivered: await countUndelivered(databases),
    logs,
    faults: client.faults,
  }
}

const schedulerSql = `SELECT id::int, kind, submission, hostname, started_at, finished_at, depends_on::int,
  CASE WHEN id IN (SELECT job_id FROM running) THEN 'in-progress' ELSE status END AS status FROM job ORDER BY id`
const runSql = `SELECT job_id::int, host_id::text, kind, action, state, attempt, outcome, started_at, ended_at FROM run ORDER BY job_id`
const journalSql = `SELECT job_id::int, attempt, kind, command, outcome FROM journal ORDER BY id`
const eventSql = `SELECT job_id::int, seq, attempt, at, kind, payload FROM job_event ORDER BY job_id, seq`

/** Deliveries that were not recorded yet. */
export async function countUndelivered(databases: ReadonlyMap<string, string>): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const name of ['inventory', 'scheduler', 'executor']) {
    const count = await withDatabase(databases.get(name) ?? '', async (connection) => {
      const { rows } = await connection.query<{ count: number }>('SELECT count(*)::int AS count FROM outbox')
      return rows[0]?.count ?? 0
    })
    counts.set(name, count)
  }
  return counts
}

async function readTranscripts(lab: Lab) {
  const transcripts = new Map<string, TranscriptEntry[]>()
  for (const { name } of lab.routers) transcripts.set(name, await lab.transcript(name))
  return transcripts
}

async function readLogs(client: PatientClient, accepted: readonly AcceptedJob[]) {
  const logs = new Map<number, ReadonlyMap<string, Buffer>>()
  for (const { id } of accepted) {
    // A job behind a failed one never ran.
    const zip = await client.bytes(`/install/logs/${id}`)
    logs.set(id, zip === undefined ? new Map() : await readZip(zip))
  }
  return logs
}

async function withDatabase<T>(url: string, work: (connection: pg.Client) => Promise<T>): Promise<T> {
  const connection = new pg.Client(url)
  await connection.connect()
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}
