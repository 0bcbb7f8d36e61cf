// What journeys do to fill an inventory and to upgrade a router, with the guide's requests.
import { setTimeout as pause } from 'node:timers/promises'
import type { Api } from './api.ts'
import type { Lab, LabRepository, LabRouter } from './lab.ts'

export const region = 'SJ Labs'

/** Region, repository, the given routers as hosts, and the jump hosts before them. */
export async function fillInventory(
  api: Api,
  lab: Lab,
  routers: LabRouter[] = lab.routers,
  repository: LabRepository = lab.repository,
): Promise<void> {
  await api.ok('POST', '/server_repositories', repository.row)
  await api.ok('POST', '/regions', {
    region_name: region,
    server_repositories: [repository.row.hostname],
  })
  const jumpHosts = new Map(routers.flatMap(({ jump_host: jump }) => (jump ? [[jump.name, jump]] : [])))
  for (const jump of jumpHosts.values()) {
    await api.ok('POST', '/jump_hosts', {
      hostname: jump.name,
      connection_type: 'ssh',
      host_or_ip: jump.address,
      port_number: String(jump.port),
      username: jump.user,
      password: jump.password,
    })
  }
  await api.ok('POST', '/hosts', routers.map(hostRow))
}

/** The body of POST /hosts for a router of the lab. */
export const hostRow = (router: LabRouter) => ({
  hostname: router.name,
  region,
  roles: 'PE',
  connection_type: router.protocol,
  ts_or_ip: router.address,
  port_number: String(router.port),
  username: router.user,
  password: router.password,
  ...(router.jump_host ? { jump_host: router.jump_host.name } : {}),
})

export interface CreatedJob {
  id: number
  install_action: string
}

/** All five chained actions in one request, rows in an odd order on purpose. @returns ids by action */
export async function scheduleUpgrade(
  api: Api,
  lab: Lab,
  router: LabRouter,
  repository: LabRepository = lab.repository,
): Promise<Record<string, number>> {
  const hostname = router.name
  const software_packages = packagesFor(lab, router).join(',')
  const { install_job_list: jobs } = await api.ok<{ install_job_list: CreatedJob[] }>('POST', '/install', [
    { hostname, install_action: 'Commit' },
    { hostname, install_action: 'Activate', software_packages },
    { hostname, install_action: 'Pre-Upgrade' },
    { hostname, install_action: 'Post-Upgrade' },
    { hostname, install_action: 'Add', server_repository: repository.row.hostname, software_packages },
  ])
  return Object.fromEntries(jobs.map((job) => [job.install_action, job.id]))
}

/** The packages that the lab offers for a router's family. */
export function packagesFor(lab: Lab, router: LabRouter): string[] {
  const packages = lab.repository.packages[router.family]
  if (!packages || packages.length === 0) throw new Error(`no packages for ${router.family}`)
  return packages
}

export interface PackageRow {
  name: string
  state: string
}

/** The packages of a host. */
export async function packagesOn(api: Api, hostname: string): Promise<PackageRow[]> {
  const path = `/hosts/${encodeURIComponent(hostname)}/packages`
  return (await api.ok<{ package_list: PackageRow[] }>('GET', path)).package_list
}

/**
 * The packages of a host when they are as they should be, or as they are after a while: executors tell inventory and
 * scheduler side by side, so a job may be seen to have ended before what it changed.
 */
export async function packagesWhen(
  api: Api,
  hostname: string,
  predicate: (packages: PackageRow[]) => boolean,
): Promise<PackageRow[]> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const packages = await packagesOn(api, hostname)
    if (predicate(packages) || performance.now() > deadline) return packages
    await pause(50)
  }
}

/** Something is active, and all of it is committed. */
export const isCommitted = (packages: PackageRow[]) =>
  packages.some(({ state }) => state === 'active-committed') &&
  !packages.some(({ state }) => state === 'active')
