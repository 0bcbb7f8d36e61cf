// One full upgrade of one router, from nothing to committed, through the public HTTP API only.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ApiClient, connectApi, type Job, type LabRepository, type LabRouter } from './api-client.ts'
import { followJobs } from './follow-jobs.ts'
import { importCatalog } from './import-catalog.ts'
import type { Lab } from './lab-process.ts'

export interface DemoOptions {
  url: string
  username: string
  password: string
  lab: Lab
  /** Where the session logs are put. */
  folder: string
  print(line: string): void
  signal: AbortSignal
}

const REGION = 'Demo Lab'

interface Package {
  name: string
  state: string
}

/** Runs the demo. @returns true if the upgrade was completed */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { print } = options
  const api = await connectApi(options.url, options.username, options.password)
  const busy = await deleteEarlierHosts(api)
  const lab = { ...options.lab, routers: options.lab.routers.map((router) => renamed(router, busy)) }
  const repository = lab.repositories[0]
  const router = lab.routers.find((candidate) => packagesFor(candidate, repository).length > 0)
  if (!repository || !router) throw new Error('the lab offers no router with packages')

  print(`\nFilling the inventory: region ${REGION}, a repository, ${lab.routers.length} routers`)
  await fillInventory(api, lab, repository)
  await importCatalog(api, options)
  await waitUntilDiscovered(api, router.name, options.signal)
  const before = await listPackages(api, router.name)
  print(`\nPackages on ${router.name} before:`)
  for (const line of describePackages(before)) print(line)

  const packages = packagesFor(router, repository)
  print(`\nUpgrading ${router.name} (${router.family} over ${router.protocol}) with ${packages.join(', ')}`)
  await scheduleUpgrade(api, router, repository, packages)
  const jobs = await followJobs(api, router.name, print, options.signal)
  await saveLogs(api, jobs, options)
  const failed = jobs.find((job) => job.status === 'failed')
  if (failed) print(`\n${failed.install_action} failed: ${failed.status_message}\n${failed.trace}`)
  else await printOutcome(api, router, before, print)
  return failed === undefined
}

function packagesFor(router: LabRouter, repository: LabRepository | undefined): string[] {
  return repository?.packages[router.family] ?? []
}

async function fillInventory(api: ApiClient, lab: Lab, repository: LabRepository): Promise<void> {
  await api.post(
    '/server_repositories',
    lab.repositories.map(({ row }) => row),
  )
  await api.post('/regions', { region_name: REGION, server_repositories: [repository.row.hostname] })
  await api.post('/custom_command_profiles', { profile_name: 'Demo checks', command_list: ['show platform'] })
  await api.post('/hosts', lab.routers.map(hostRow))
}

/**
 * A lab's routers are new at every start: hosts of an earlier demo would show what no longer is. @returns the names of
 * those that stay: where a demo was interrupted, its job still looks for a router that is gone
 */
async function deleteEarlierHosts(api: ApiClient): Promise<Set<string>> {
  await api.post('/regions', { region_name: REGION })
  const { host_list: old } = await api.get<{ host_list: { hostname: string }[] }>(
    `/hosts?region=${encodeURIComponent(REGION)}`,
  )
  const busy = new Set<string>()
  for (const { hostname } of old) {
    if (!(await api.delete(`/hosts/${encodeURIComponent(hostname)}/delete`))) busy.add(hostname)
  }
  return busy
}

/** `lab-asr9k-telnet-1 (2)` where the name is taken. */
function renamed(router: LabRouter, taken: Set<string>): LabRouter {
  let name = router.name
  for (let count = 2; taken.has(name); count++) name = `${router.name} (${count})`
  return { ...router, name }
}

const hostRow = (router: LabRouter) => ({
  hostname: router.name,
  region: REGION,
  roles: 'PE',
  connection_type: router.protocol,
  ts_or_ip: router.address,
  port_number: String(router.port),
  username: router.user,
  password: router.password,
})

async function waitUntilDiscovered(api: ApiClient, hostname: string, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    const path = `/hosts?hostname=${encodeURIComponent(hostname)}`
    const { host_list: hosts } = await api.get<{ host_list: { family: string }[] }>(path)
    if (hosts[0] && hosts[0].family !== 'Unknown') return
    await pause(250, undefined, { signal })
  }
  throw new Error(`${hostname} was not discovered within a minute`)
}

async function listPackages(api: ApiClient, hostname: string): Promise<Package[]> {
  const path = `/hosts/${encodeURIComponent(hostname)}/packages`
  return (await api.get<{ package_list: Package[] }>(path)).package_list
}

const describePackages = (packages: Package[]) =>
  packages.map(({ name, state }) => `  ${state.padEnd(18)} ${name}`).sort()

async function scheduleUpgrade(
  api: ApiClient,
  router: LabRouter,
  repository: LabRepository,
  packages: string[],
): Promise<void> {
  const hostname = router.name
  const software_packages = packages.join(',')
  await api.post('/install', [
    { hostname, install_action: 'Pre-Upgrade', command_profile: 'Demo checks' },
    { hostname, install_action: 'Add', server_repository: repository.row.hostname, software_packages },
    { hostname, install_action: 'Activate', software_packages },
    { hostname, install_action: 'Post-Upgrade', command_profile: 'Demo checks' },
    { hostname, install_action: 'Commit' },
  ])
}

async function saveLogs(api: ApiClient, jobs: Job[], { folder, print }: DemoOptions): Promise<void> {
  const ended = jobs.filter((job) => job.status === 'completed' || job.status === 'failed')
  mkdirSync(folder, { recursive: true })
  print(`\nSession logs in ${folder}`)
  for (const job of ended) {
    const zip = await api.download(`/install/logs/${job.id}`)
    const name = `${job.id}-${job.install_action}-session_logs.zip`
    writeFileSync(join(folder, name), zip)
    print(`  ${name} (${zip.length} bytes)`)
  }
}

async function printOutcome(
  api: ApiClient,
  router: LabRouter,
  before: Package[],
  print: (line: string) => void,
): Promise<void> {
  const after = await listPackages(api, router.name)
  const old = new Set(describePackages(before))
  const now = new Set(describePackages(after))
  print(`\nPackages on ${router.name} after (- gone, + new):`)
  for (const line of old) if (!now.has(line)) print(`- ${line.trimStart()}`)
  for (const line of now) print(`${old.has(line) ? ' ' : '+'} ${line.trimStart()}`)
}
