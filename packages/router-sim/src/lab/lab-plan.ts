/** Which routers a lab has. Pure. */
import { createHash, randomBytes } from 'node:crypto'
import type { RouterOptions } from '../router.ts'
import type { Timing } from '../router-core.ts'
import { FAMILIES, type Family } from '../software/package-facts.ts'

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

/** What stands behind a lab's jump host. */
const SPECS_BEHIND: readonly LabSpec[] = [
  { family: 'asr9k', protocol: 'telnet' },
  { family: 'ncs5500', protocol: 'ssh' },
]

/** The options of a lab that make its routers. */
export interface PlanOptions {
  /** Number of routers, default 5; kinds repeat in order. Those behind a jump host come on top. */
  readonly routers?: number
  /** Only these families. */
  readonly families?: readonly Family[]
  /** Only this protocol. */
  readonly protocol?: 'telnet' | 'ssh'
  readonly timing?: Partial<Timing>
  /** Makes passwords and serial numbers repeatable; default random. */
  readonly seed?: string
  /** User of the routers, default `root`. */
  readonly user?: string
  /** Password of everything; default: another random one for each. */
  readonly password?: string
  readonly banner?: string
  readonly adminLogin?: boolean
  /** Keep everything that is received and said on sessions. Default: no. */
  readonly keepTranscript?: boolean
}

/** The routers that are reached directly. */
export function planRouters(options: PlanOptions): RouterOptions[] {
  const specs = specsOf(options.families ?? FAMILIES, options.protocol)
  const count = options.routers ?? Math.max(specs.length, 1)
  return Array.from({ length: count }, (_, index) => {
    const spec = specs[index % specs.length] ?? { family: 'asr9k', protocol: 'telnet' }
    const name = `lab-${spec.family}-${spec.protocol}-${Math.floor(index / specs.length) + 1}`
    return planRouter(options, spec, name)
  })
}

/** The two behind the jump host; one if only one kind is asked for. */
export function planBehind(options: PlanOptions): RouterOptions[] {
  const { families = FAMILIES, protocol } = options
  const fitting = SPECS_BEHIND.filter(
    (spec) => families.includes(spec.family) && (protocol === undefined || spec.protocol === protocol),
  )
  const specs = fitting.length > 0 ? fitting : specsOf(families, protocol).slice(0, SPECS_BEHIND.length)
  return specs.map((spec) => planRouter(options, spec, `lab-behind-${spec.family}-${spec.protocol}`))
}

function planRouter(options: PlanOptions, spec: LabSpec, name: string): RouterOptions {
  return {
    name,
    hostname: name,
    ...spec,
    user: options.user ?? 'root',
    password: options.password ?? secretFor(options.seed, name),
    ...(options.timing === undefined ? {} : { timing: options.timing }),
    ...(options.banner === undefined ? {} : { banner: options.banner }),
    ...(options.adminLogin === undefined ? {} : { adminLogin: options.adminLogin }),
    ...(options.keepTranscript === undefined ? {} : { keepTranscript: options.keepTranscript }),
  }
}

/** The default kinds that fit; when none does (`asr9k-x64` over Telnet), the asked kind itself. */
function specsOf(families: readonly Family[], protocol: LabSpec['protocol'] | undefined): LabSpec[] {
  const wanted = DEFAULT_SPECS.filter((spec) => families.includes(spec.family))
  if (protocol === undefined) return wanted
  return families.map((family) => ({ family, protocol }))
}

/** A password without blanks, quotes or characters a URL or a CLI would take apart. */
export function secretFor(seed: string | undefined, name: string): string {
  const bytes =
    seed === undefined ? randomBytes(12) : createHash('sha256').update(`${seed}\0${name}`).digest()
  return bytes.toString('hex').slice(0, 20)
}
