// Jobs as GET and DELETE of /install write them: the guide's keys, then those of later CSM releases.
// Source: API guide, sections 1.3.4 and 1.3.5; REST contract, section 5.
import type { DeletedJob, JobRow } from '@slipway/contracts'
import { failedRowOf } from '../http/envelope.ts'

/** A row of GET /install. @param time writes moments, absent ones as '' */
export function renderJob(job: JobRow, time: (moment: string | undefined) => string) {
  return {
    id: job.id,
    install_action: job.action,
    dependency: job.dependsOn ?? '',
    server: job.serverRepository ?? '',
    packages: job.softwarePackages.join(','),
    // Packages are fetched by the router itself while an Add runs, so none is ever waited for.
    pending_downloads: '',
    scheduled_time: time(job.scheduledTime),
    start_time: time(job.startedAt),
    status: job.status,
    status_time: time(job.statusAt),
    trace: job.trace,
    created_by: job.createdBy,
    hostname: job.hostname,
    custom_command_profile: job.commandProfiles.join(','),
    server_repository: job.serverRepository ?? '',
    server_directory: job.serverDirectory,
    software_packages: job.softwarePackages,
    command_profile: job.commandProfiles,
    status_message: job.statusMessage,
    warnings_or_errors: job.warnings.join('\n'),
    package_change_list: job.packageChanges,
  }
}

/** A row of DELETE /install/delete; a selected one also lists the dependents that went with it. */
export function renderDeleted({ id, hostname, action, dependents, error }: DeletedJob) {
  return {
    id,
    ...(error === undefined ? { status: 'SUCCESS' } : failedRowOf(error)),
    hostname,
    install_action: action,
    ...(dependents === undefined ? {} : { deleted_dependencies: dependents }),
  }
}
