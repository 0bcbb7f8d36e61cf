/**
 * What distinguishes the simulated families: hardware, names and versions as data. Nothing here decides
 * behaviour beyond `os`: classic IOS XR and eXR (64-bit) speak different install dialects.
 */
import type { Family } from './software/package-facts.ts'

/** Which operating system a family runs. */
export type RouterOs = 'classic' | 'exr'

/** Role letters of a node as `show install active` prints them. */
export type NodeRole = 'RP' | 'LC' | 'XC' | 'FABRIC' | 'FAN' | 'PWR'

/** One row of the hardware tables. */
export interface HardwareNode {
  /** Location without `/CPU0`: `0/RSP0`. */
  readonly location: string
  readonly role: NodeRole
  /** Product id, as in `show platform` and `show inventory`. */
  readonly pid: string
  readonly description: string
  readonly serial: string
  readonly version: string
}

/** Everything a family's texts are made of. */
export interface FamilyProfile {
  readonly family: Family
  readonly os: RouterOs
  /** `0/RSP0/CPU0`, the node the sessions run on. */
  readonly activeNode: string
  readonly standbyNode: string
  readonly chassis: {
    readonly name: string
    readonly description: string
    readonly pid: string
    readonly vid: string
  }
  readonly serialPrefix: string
  /** Token of the `cisco <X> () processor` line. */
  readonly platformToken: string
  readonly nodes: readonly HardwareNode[]
  /** `sdr` or `system`, in the reload question of an eXR activation. */
  readonly reloadScope: string
  readonly buildHost: string
  readonly firstYear: number
}

function node(
  location: string,
  role: NodeRole,
  pid: string,
  description: string,
  serial: string,
): HardwareNode {
  return { location, role, pid, description, serial, version: 'V02' }
}

const A9K_NODES: readonly HardwareNode[] = [
  node(
    '0/RSP0',
    'RP',
    'A9K-RSP880-LT-SE',
    'ASR9K Route Switch Processor with 880G/slot Fabric and 32GB',
    'FOC2013N0AA',
  ),
  node(
    '0/RSP1',
    'RP',
    'A9K-RSP880-LT-SE',
    'ASR9K Route Switch Processor with 880G/slot Fabric and 32GB',
    'FOC2013N0AB',
  ),
  node('0/0', 'LC', 'A9K-24X10GE-SE', '24-Port 10GE Service Edge Optimized Line Card', 'FOC1746N2AC'),
  node('0/1', 'LC', 'A9K-8X100GE-L-SE', '8-Port 100GE Service Edge Optimized Line Card', 'FOC1918N1AD'),
]

const NCS_NODES: readonly HardwareNode[] = [
  node('0/RP0', 'RP', 'NC55-RP', 'NCS 5500 Route Processor', 'SAL1936S8AA'),
  node('0/RP1', 'RP', 'NC55-RP', 'NCS 5500 Route Processor', 'SAL1936S8AB'),
  node('0/0', 'LC', 'NC55-36X100G', 'NCS 5500 36X100GE BASE LINE CARD', 'SAL1934R1AC'),
  node('0/1', 'LC', 'NC55-36X100G', 'NCS 5500 36X100GE BASE LINE CARD', 'SAL1934R1AD'),
  node('0/SC0', 'XC', 'NC55-SC', 'NCS 5500 System Controller', 'SAL1932P0AE'),
  node('0/FC0', 'FABRIC', 'NC55-5508-FC', 'NCS 5508 Fabric Card', 'SAL1931K2AF'),
  node('0/FC1', 'FABRIC', 'NC55-5508-FC', 'NCS 5508 Fabric Card', 'SAL1931K2AG'),
]

const FAN_AND_POWER_A9K: readonly HardwareNode[] = [
  node('0/FT0', 'FAN', 'ASR-9904-FAN', 'ASR-9904 Fan Tray', 'FOX1739GAAH'),
  node('0/PS0/M0', 'PWR', 'PWR-3KW-AC-V2', '3kW AC V2 Power Module', 'DTM1746P0AJ'),
]

/** The profile of each family. */
export const PROFILES: Readonly<Record<Family, FamilyProfile>> = {
  asr9k: {
    family: 'asr9k',
    os: 'classic',
    activeNode: '0/RSP0/CPU0',
    standbyNode: '0/RSP1/CPU0',
    chassis: {
      name: 'chassis ASR-9904-AC',
      description: 'ASR 9904 2 Line Card Slot Chassis with V2 AC PEM',
      pid: 'ASR-9904-AC',
      vid: 'V01',
    },
    serialPrefix: 'FOX1830G',
    platformToken: 'ASR9K',
    nodes: [...A9K_NODES, ...FAN_AND_POWER_A9K],
    reloadScope: 'sdr',
    buildHost: 'iox-lnx-006',
    firstYear: 2016,
  },
  'asr9k-x64': {
    family: 'asr9k-x64',
    os: 'exr',
    activeNode: '0/RSP0/CPU0',
    standbyNode: '0/RSP1/CPU0',
    chassis: { name: 'Rack 0', description: 'ASR-9904 AC Chassis', pid: 'ASR-9904-AC', vid: 'V01' },
    serialPrefix: 'FOX1739G',
    platformToken: 'ASR9K',
    nodes: [...A9K_NODES, ...FAN_AND_POWER_A9K],
    reloadScope: 'sdr',
    buildHost: 'iox-ucs-004',
    firstYear: 2013,
  },
  ncs5500: {
    family: 'ncs5500',
    os: 'exr',
    activeNode: '0/RP0/CPU0',
    standbyNode: '0/RP1/CPU0',
    chassis: { name: 'Rack 0', description: 'NCS5500 8 Slot Single Chassis', pid: 'NCS-5508', vid: 'V01' },
    serialPrefix: 'FGE19471',
    platformToken: 'NCS-5500',
    nodes: NCS_NODES,
    reloadScope: 'system',
    buildHost: 'iox-ucs-019',
    firstYear: 2013,
  },
}

/** Nodes with a CPU that run XR (route processors and line cards). */
export function xrNodes(profile: FamilyProfile): readonly HardwareNode[] {
  return profile.nodes.filter((each) => each.role === 'RP' || each.role === 'LC')
}
