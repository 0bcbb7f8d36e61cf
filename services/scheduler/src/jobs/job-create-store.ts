// Statements behind the creation of jobs: a fixed number of them, however many rows a request has.
import type { InstallAction, JobInput, JobStatus } from '@slipway/contracts'
import { copyLine } from '@slipway/database'
import type { FirstJob } from '../hosts/place-store.ts'
import { type BulkDb, type Db, toJobId } from '../scheduler-store.ts'
import type { KnownJob } from './dependencies.ts'

/** Who creates jobs, when, and by which request. */
export interface Creation {
  user: string
  requestId: string
  now: Date
}

/** What a request's dependencies name. */
export interface AskedJobs {
  ids: readonly number[]
  /** Host and action, for dependencies by action. */
  actions: readonly { hostId: string; action: InstallAction }[]
}

/** A job to be written: what was asked for, and what became of its dependency. */
export interface NewJob extends FirstJob {
  row: JobInput
  dependencyMet: boolean
}

interface KnownJobRow {
  id: bigint
  host_id: string
  action: InstallAction
  scheduled_time: Date
  status: JobStatus
}

/** The install jobs that the dependencies of a request may mean. */
export async function readKnownJobs(tx: Db, asked: AskedJobs): Promise<KnownJob[]> {
  const rows = await tx.$queryRaw<KnownJobRow[]>`
    SELECT id, host_id, action, scheduled_time, status FROM job
     WHERE kind = 'install' AND id = ANY(${asked.ids}::bigint[])
    UNION
    SELECT job.id, job.host_id, job.action, job.scheduled_time, job.status
      FROM (SELECT DISTINCT * FROM unnest(${asked.actions.map(({ hostId }) => hostId)}::uuid[],
                                          ${asked.actions.map(({ action }) => action)}::text[])) AS wanted (host_id, action)
      JOIN job ON job.host_id = wanted.host_id AND job.action = wanted.action
     WHERE job.kind = 'install'`
  return rows.map((row) => ({
    id: toJobId(row.id),
    hostId: row.host_id,
    action: row.action,
    scheduledTime: row.scheduled_time.getTime(),
    status: row.status,
  }))
}

/** Takes so many ids out of the sequence; ids of a transaction that fails are lost, never reused. */
export async function reserveIds(tx: Db, count: number): Promise<number[]> {
  const [row] = await tx.$queryRaw<{ ids: string }[]>`
    SELECT json_agg(nextval((SELECT pg_get_serial_sequence('job', 'id')::regclass)))::text AS ids
      FROM generate_series(1, ${count}::int)`
  return row === undefined ? [] : JSON.parse(row.ids)
}

const columns = [
  'id',
  'kind',
  'host_id',
  'hostname',
  'action',
  'server_repository',
  'server_directory',
  'software_packages',
  'command_profiles',
  'scheduled_time',
  'depends_on',
  'dependency_met',
  'warnings',
  'package_changes',
  'created_by',
  'created_at',
  'request_id',
] as const

/** Writes jobs in one statement; the next are made while PostgreSQL stores those before. */
export async function insertJobs(
  tx: BulkDb,
  portions: AsyncIterable<readonly NewJob[]>,
  { user, requestId, now }: Creation,
): Promise<void> {
  const createdAt = now.toISOString()
  const line = ({ row, id, dependsOn, dependencyMet }: NewJob) =>
    copyLine([
      id,
      'install',
      row.hostId,
      row.hostname,
      row.action,
      row.serverRepository ?? null,
      row.serverDirectory,
      row.softwarePackages,
      row.commandProfiles,
      row.scheduledTime,
      dependsOn ?? null,
      dependencyMet ? 't' : 'f',
      [],
      [],
      user,
      createdAt,
      requestId,
    ])
  const lines = async function* () {
    for await (const jobs of portions) if (jobs.length > 0) yield jobs.map(line).join('')
  }
  await tx.copy('job', columns, lines())
}
