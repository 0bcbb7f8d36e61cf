// A fleet by set-based SQL: going through the API would take longer than what is measured.
import type { Stage } from './stage.ts'

export const REGION = 'Bench'

/** Host `n`, from 1. */
export function hostnameOf(n: number): string {
  return `router-${String(n).padStart(6, '0')}`
}

/** Adds hosts 1 to `count`, known to inventory and scheduler, with facts as discovery leaves them. */
export async function seedHosts({ sql }: Stage, count: number): Promise<void> {
  const { rows } = await sql.inventory.query<{ id: string }>(
    `INSERT INTO region (id, name, created_by) VALUES (gen_random_uuid(), $1, 'root') RETURNING id`,
    [REGION],
  )
  await sql.inventory.query(
    `INSERT INTO host (id, hostname, region_id, roles, connection_type, addresses, ports, username, sealed_password,
                       location, created_by, family, chassis, software_platform, software_version, os_type)
     SELECT md5('host ' || n)::uuid, 'router-' || lpad(n::text, 6, '0'), $1, 'PE', 'ssh',
            ARRAY['10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256], ARRAY[22], 'operator', 'sealed',
            'rack ' || n % 40, 'root', 'ASR9K', 'ASR-9010', 'asr9k', '6.1.3', 'IOS-XR'
       FROM generate_series(1, $2::int) AS n`,
    [rows[0]?.id, count],
  )
  await sql.scheduler.query(
    `INSERT INTO host (host_id, hostname, region, version)
     SELECT md5('host ' || n)::uuid, 'router-' || lpad(n::text, 6, '0'), $1, 1 FROM generate_series(1, $2::int) AS n`,
    [REGION, count],
  )
  await sql.inventory.query('VACUUM ANALYZE')
}

/** Adds finished jobs to the hosts, so many to each. */
export async function seedHistory({ sql }: Stage, hosts: number, jobsOfEach: number): Promise<void> {
  await sql.scheduler.query(
    `INSERT INTO job (kind, host_id, hostname, action, server_repository, software_packages, command_profiles,
                      scheduled_time, status, status_time, status_message, warnings, package_changes, created_by,
                      created_at, started_at, finished_at)
     SELECT 'install', md5('host ' || n)::uuid, 'router-' || lpad(n::text, 6, '0'), 'Add', 'repository',
            ARRAY['asr9k-px-6.1.3.CSCvd78405.pie', 'asr9k-px-6.1.3.CSCvc12345.pie'], '{}', at, 'completed',
            at + interval '5 minutes', 'Completed', '{}', ARRAY['disk0:asr9k-px-6.1.3.CSCvd78405-1.0.0'], 'root',
            at - interval '1 hour', at, at + interval '5 minutes'
       FROM generate_series(1, $2::int) AS k, generate_series(1, $1::int) AS n,
            LATERAL (SELECT timestamptz '2025-01-01' + k * interval '1 day' AS at) time`,
    [hosts, jobsOfEach],
  )
  await sql.scheduler.query('VACUUM ANALYZE')
}

/** Adds jobs that are due in a year, so many to each host, with the hosts' places as the scheduler keeps them. */
export async function seedWaiting({ sql }: Stage, hosts: number, jobsOfEach: number): Promise<void> {
  await sql.scheduler.query(
    `INSERT INTO job (kind, host_id, hostname, action, software_packages, command_profiles, scheduled_time, warnings,
                      package_changes, created_by, created_at)
     SELECT 'install', md5('host ' || n)::uuid, 'router-' || lpad(n::text, 6, '0'), 'Commit', '{}', '{}',
            now() + interval '1 year' + k * interval '1 day', '{}', '{}', 'root', now()
       FROM generate_series(1, $1::int) AS n, generate_series(1, $2::int) AS k`,
    [hosts, jobsOfEach],
  )
  await sql.scheduler.query(
    `INSERT INTO queue (host_id, region, kind, due, job_id, submission)
     SELECT DISTINCT ON (job.host_id) job.host_id, host.region, job.kind, job.scheduled_time, job.id, job.submission
       FROM job JOIN host ON host.host_id = job.host_id
      ORDER BY job.host_id, job.scheduled_time, job.id`,
  )
  await sql.scheduler.query('VACUUM ANALYZE')
}
