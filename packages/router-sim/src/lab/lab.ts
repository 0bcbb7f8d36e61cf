/** A lab: routers, one SFTP repository with demo packages, and the control API. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRouter, type RouterOptions, type SimulatedRouter } from '../router.ts'
import type { Timing } from '../router-core.ts'
import { upgradeFiles, writeDemoPackages } from '../software/demo-packages.ts'
import { FAMILIES, type Family } from '../software/package-facts.ts'
import { createControlApi } from './control-api.ts'
import { createSftpRepository, type SftpRepository } from './sftp-repository.ts'

/** A kind of router in a lab. */
export interface LabSpec {
  readonly family: Family
  readonly protocol: 'telnet' | 'ssh'
}

/** What a lab has when nothing else is asked for. */
export const DEFAULT_SPECS: readonly LabSpec[] = [
  { family: 'asr9k', protocol: 'telnet' },
  { family: 'asr9k', protocol: 'ssh' },
  { family: 'ncs5500', protocol: 'ssh' },
  { family: 'ncs5500', protocol: 'telnet' },
  { family: 'asr9k-x64', protocol: 'ssh' },
]

/** Options of a lab; all are optional. */
export interface LabOptions {
  /** Number of routers, default 5; kinds repeat in order. */
  readonly routers?: number
  /** Only these families. */
  readonly families?: readonly Family[]
  /** Only this protocol. */
  readonly protocol?: 'telnet' | 'ssh'
  /** First port; routers take it and the following ones, then the repository and the control API. Default: any. */
  readonly basePort?: number
  readonly timing?: Partial<Timing>
  /** Makes passwords and serial numbers repeatable; default random. */
  readonly seed?: string
  /** User of the routers, default `root`. */
  readonly user?: string
  /** Password of the routers and the repository; default: another random one for each. */
  readonly password?: string
  /** Directory of the repository; default a temporary one that is removed at the end. */
  readonly dataDir?: string
  readonly banner?: string
  readonly adminLogin?: boolean
}

/** One line of `npm run lab`. */
export type LabLine =
  | {
      readonly kind: 'router'
      readonly name: string
      readonly family: Family
      readonly protocol: 'telnet' | 'ssh'
      readonly address: string
      readonly port: number
      readonly user: string
      readonly password: string
    }
  | {
      readonly kind: 'repository'
      readonly row: {
        readonly hostname: string
        readonly server_type: 'SFTP'
        readonly server_address: string
        readonly home_directory: string
        readonly username: string
        readonly password: string
      }
      readonly packages: Partial<Record<Family, string[]>>
    }
  | { readonly kind: 'control'; readonly url: string }
  | { readonly kind: 'ready' }

/** A running lab. */
export interface Lab {
  /** Its description, one record per thing. */
  readonly lines: readonly LabLine[]
  readonly routers: ReadonlyMap<string, SimulatedRouter>
  readonly repositories: ReadonlyMap<string, SftpRepository>
  readonly controlUrl: string
  readonly stop: () => Promise<void>
}

const REPOSITORY = 'lab-sftp'

/** Starts a lab. @throws SIM_PORT_UNAVAILABLE, SIM_OPTION_INVALID; what was started by then is stopped. */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  const releasers: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const release of releasers.splice(0).reverse()) await release()
  }
  try {
    return { ...(await startLab(options, releasers)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startLab(
  options: LabOptions,
  releasers: (() => Promise<unknown>)[],
): Promise<Omit<Lab, 'stop'>> {
  const port = portSequence(options.basePort)
  const started = await Promise.all(
    planRouters(options).map(async (plan) => {
      const router = createRouter({ ...plan, port: port() })
      releasers.push(router.stop)
      const at = await router.start()
      return { router, line: routerLine(plan, at) }
    }),
  )
  const routers = new Map(started.map(({ router }) => [router.name, router]))
  const { repository, line } = await startRepository(
    options,
    started.map((each) => each.line.family),
    port(),
    releasers,
  )
  const repositories = new Map([[REPOSITORY, repository]])
  const control = createControlApi({ routers, repositories }, port())
  const controlUrl = await control.start()
  releasers.push(control.stop)
  const lines: LabLine[] = [
    ...started.map((each) => each.line),
    line,
    { kind: 'control', url: controlUrl },
    { kind: 'ready' },
  ]
  return { lines, routers, repositories, controlUrl }
}

/** Following ports from a base, or 0 (any) without one. */
function portSequence(basePort: number | undefined): () => number {
  let next = basePort ?? 0
  return () => (basePort === undefined ? 0 : next++)
}

function planRouters(options: LabOptions): RouterOptions[] {
  const families = options.families ?? FAMILIES
  const specs = specsOf(families, options.protocol)
  const count = options.routers ?? Math.max(specs.length, 1)
  return Array.from({ length: count }, (_, index) => {
    const spec = specs[index % specs.length] ?? { family: 'asr9k', protocol: 'telnet' }
    const name = `lab-${spec.family}-${spec.protocol}-${Math.floor(index / specs.length) + 1}`
    return {
      name,
      hostname: name,
      ...spec,
      user: options.user ?? 'root',
      password: options.password ?? secretFor(options.seed, name),
      ...(options.timing === undefined ? {} : { timing: options.timing }),
      ...(options.banner === undefined ? {} : { banner: options.banner }),
      ...(options.adminLogin === undefined ? {} : { adminLogin: options.adminLogin }),
    }
  })
}

/** The default kinds that fit; when none does (`asr9k-x64` over Telnet), the asked kind itself. */
function specsOf(families: readonly Family[], protocol: LabSpec['protocol'] | undefined): LabSpec[] {
  const wanted = DEFAULT_SPECS.filter((spec) => families.includes(spec.family))
  if (protocol === undefined) return wanted
  return families.map((family) => ({ family, protocol }))
}

/** A password without blanks, quotes or characters a URL or a CLI would take apart. */
function secretFor(seed: string | undefined, name: string): string {
  const bytes =
    seed === undefined ? randomBytes(12) : createHash('sha256').update(`${seed}\0${name}`).digest()
  return bytes.toString('hex').slice(0, 20)
}

function routerLine(plan: RouterOptions, at: { address: string; port: number }) {
  const { name, family, protocol, user, password } = plan
  return { kind: 'router', name, family, protocol, ...at, user, password } as const
}

async function startRepository(
  options: LabOptions,
  families: readonly Family[],
  port: number,
  releasers: (() => Promise<unknown>)[],
) {
  const root = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'slipway-lab-')))
  if (options.dataDir === undefined) releasers.push(() => rm(root, { recursive: true, force: true }))
  const offered = [...new Set(families)]
  await writeDemoPackages(root, offered)
  // Announced is what makes one upgrade; the repository holds more: an optional package, a fix, a tar.
  const packages = Object.fromEntries(offered.map((family) => [family, upgradeFiles(family)]))
  const password = options.password ?? secretFor(options.seed, REPOSITORY)
  const repository = createSftpRepository({ root, user: 'lab', password, port })
  const at = await repository.start()
  releasers.push(repository.stop)
  const row = {
    hostname: REPOSITORY,
    server_type: 'SFTP',
    server_address: `${at.address}:${at.port}`,
    home_directory: '/',
    username: 'lab',
    password,
  } as const
  const line = { kind: 'repository', row, packages } as const
  return { repository, line }
}
