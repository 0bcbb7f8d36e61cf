/** A lab: routers, repositories with demo packages, a jump host with routers behind it, and the control API. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRouter, type RouterOptions, type SimulatedRouter } from '../router.ts'
import { upgradeFiles, writeDemoPackages } from '../software/demo-packages.ts'
import type { Family } from '../software/package-facts.ts'
import { createControlApi } from './control-api.ts'
import { createFtpRepository } from './ftp-repository.ts'
import { createJumpHost, type SimulatedJumpHost } from './jump-host.ts'
import type { LabJumpHost, LabLine, LabRepositoryLine, LabRouterLine } from './lab-lines.ts'
import { type PlanOptions, planBehind, planRouters, secretFor } from './lab-plan.ts'
import type { Repository } from './repository.ts'
import { createSftpRepository } from './sftp-repository.ts'

/** Options of a lab; all are optional. */
export interface LabOptions extends PlanOptions {
  /**
   * First port; the following ones are taken too, in this order: routers, SFTP repository, control API, FTP
   * repository, jump host, routers behind it. Default: any.
   */
  readonly basePort?: number
  /** Directory of the repositories; default a temporary one that is removed at the end. */
  readonly dataDir?: string
  /** An FTP repository with the same files beside the SFTP one. */
  readonly ftp?: boolean
  /** Two more routers, reached only through an SSH jump host. They need a second address of loopback, as Linux has. */
  readonly jumpHost?: boolean
}

/** A running lab. */
export interface Lab {
  /** Its description, one record per thing. */
  readonly lines: readonly LabLine[]
  readonly routers: ReadonlyMap<string, SimulatedRouter>
  readonly repositories: ReadonlyMap<string, Repository>
  readonly jumpHosts: ReadonlyMap<string, SimulatedJumpHost>
  readonly controlUrl: string
  readonly stop: () => Promise<void>
}

const JUMP_HOST = 'lab-jump'
/** The network behind the jump host: the routers listen there, and let in only who comes from there. */
const NETWORK_BEHIND = '127.0.0.2'
const REPOSITORY_USER = 'lab'

interface Parts {
  readonly options: LabOptions
  readonly port: () => number
  /** Undoes what was started, last first. */
  readonly releasers: (() => Promise<unknown>)[]
}

/** Starts a lab. @throws SIM_PORT_UNAVAILABLE, SIM_OPTION_INVALID; what was started by then is stopped. */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  const releasers: Parts['releasers'] = []
  const stop = async () => {
    for (const release of releasers.splice(0).reverse()) await release()
  }
  try {
    return { ...(await startLab({ options, releasers, port: portSequence(options.basePort) })), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startLab(parts: Parts): Promise<Omit<Lab, 'stop'>> {
  const { options, port, releasers } = parts
  const direct = await startRouters(parts, planRouters(options))
  // Ports are given out before anything is awaited, so that their order does not depend on what starts first.
  const ports = { sftp: port(), control: port(), ftp: options.ftp === true ? port() : 0 }
  const behind = options.jumpHost === true ? await startBehind(parts) : undefined
  const routerLines = [...direct, ...(behind?.started ?? [])]
  const files = await prepareFiles(
    parts,
    routerLines.map(({ line }) => line.family),
  )
  const servers = [
    await startRepository(parts, files, 'SFTP', ports.sftp),
    ...(options.ftp === true ? [await startRepository(parts, files, 'FTP', ports.ftp)] : []),
  ]
  const routers = new Map(routerLines.map(({ router }) => [router.name, router]))
  const repositories = new Map(servers.map(({ repository, line }) => [line.row.hostname, repository]))
  const jumpHosts = new Map(behind === undefined ? [] : [[JUMP_HOST, behind.jumpHost]])
  const control = createControlApi({ routers, repositories, jumpHosts }, ports.control)
  const controlUrl = await control.start()
  releasers.push(control.stop)
  const lines: LabLine[] = [
    ...routerLines.map(({ line }) => line),
    ...servers.map(({ line }) => line),
    { kind: 'control', url: controlUrl },
    { kind: 'ready' },
  ]
  return { lines, routers, repositories, jumpHosts, controlUrl }
}

/** Following ports from a base, or 0 (any) without one. */
function portSequence(basePort: number | undefined): () => number {
  let next = basePort ?? 0
  return () => (basePort === undefined ? 0 : next++)
}

interface Started {
  readonly router: SimulatedRouter
  readonly line: LabRouterLine
}

function startRouters({ port, releasers }: Parts, plans: readonly RouterOptions[]): Promise<Started[]> {
  return Promise.all(
    plans.map(async (plan) => {
      const router = createRouter({ ...plan, port: port() })
      releasers.push(router.stop)
      const at = await router.start()
      const { name, family, protocol, user, password } = plan
      return { router, line: { kind: 'router', name, family, protocol, ...at, user, password } as const }
    }),
  )
}

async function startBehind(parts: Parts): Promise<{ jumpHost: SimulatedJumpHost; started: Started[] }> {
  const { options, port, releasers } = parts
  const password = options.password ?? secretFor(options.seed, JUMP_HOST)
  const reachable = new Set<number>()
  const jumpHost = createJumpHost({
    user: REPOSITORY_USER,
    password,
    port: port(),
    sourceAddress: NETWORK_BEHIND,
    allows: (address, to) => address === NETWORK_BEHIND && reachable.has(to),
  })
  const at = await jumpHost.start()
  releasers.push(jumpHost.stop)
  const place = { address: NETWORK_BEHIND, reachableFrom: NETWORK_BEHIND }
  const started = await startRouters(
    parts,
    planBehind(options).map((plan) => ({ ...plan, ...place })),
  )
  for (const { line } of started) reachable.add(line.port)
  const through: LabJumpHost = { name: JUMP_HOST, protocol: 'ssh', ...at, user: REPOSITORY_USER, password }
  return {
    jumpHost,
    started: started.map(({ router, line }) => ({ router, line: { ...line, jump_host: through } })),
  }
}

interface Files {
  readonly root: string
  readonly packages: LabRepositoryLine['packages']
}

async function prepareFiles({ options, releasers }: Parts, families: readonly Family[]): Promise<Files> {
  const root = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'slipway-lab-')))
  if (options.dataDir === undefined) releasers.push(() => rm(root, { recursive: true, force: true }))
  const offered = [...new Set(families)]
  await writeDemoPackages(root, offered)
  // Announced is what makes one upgrade; the repository holds more: an optional package, a fix, a tar.
  const packages = Object.fromEntries(offered.map((family) => [family, upgradeFiles(family)]))
  return { root, packages }
}

async function startRepository(
  { options, releasers }: Parts,
  { root, packages }: Files,
  type: LabRepositoryLine['row']['server_type'],
  port: number,
): Promise<{ repository: Repository; line: LabRepositoryLine }> {
  const hostname = `lab-${type.toLowerCase()}`
  const password = options.password ?? secretFor(options.seed, hostname)
  const create = type === 'SFTP' ? createSftpRepository : createFtpRepository
  const repository = create({ root, user: REPOSITORY_USER, password, port })
  const at = await repository.start()
  releasers.push(repository.stop)
  const row = {
    hostname,
    server_type: type,
    server_address: `${at.address}:${at.port}`,
    home_directory: '/',
    username: REPOSITORY_USER,
    password,
  }
  return { repository, line: { kind: 'repository', row, packages } }
}
