/** `show platform`, `show redundancy`, `show inventory`: tables of the family's hardware. */
import { uptimeText } from '../device-time.ts'
import type { HardwareNode } from '../families.ts'
import type { RouterCore } from '../router-core.ts'
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'

function roleSuffix(router: RouterCore, node: HardwareNode): string {
  if (node.role !== 'RP') return ''
  return `${node.location}/CPU0` === router.profile.activeNode ? '(Active)' : '(Standby)'
}

/** State of a node's CPU; cards are still booting for a while after a reload. */
function cpuState(router: RouterCore, node: HardwareNode): string {
  if (router.settled() || `${node.location}/CPU0` === router.profile.activeNode) return 'IOS XR RUN'
  return router.profile.os === 'classic' ? 'IOS XR PREP' : 'BOOTING'
}

function isXr(node: HardwareNode): boolean {
  return node.role === 'RP' || node.role === 'LC'
}

/** Columns at 0, 16, 42 and 59. */
function classicPlatform({ router }: CommandContext): string {
  const rows = router.profile.nodes.map((node) => {
    const name = isXr(node) ? `${node.location}/CPU0` : `${node.location}/SP`
    const state = isXr(node) ? cpuState(router, node) : 'READY'
    const config = node.role === 'FAN' ? '' : 'PWR,NSHUT,MON'
    return `${name.padEnd(16)}${`${node.pid}${roleSuffix(router, node)}`.padEnd(26)}${state.padEnd(17)}${config}`
  })
  return [
    'Node            Type                      State            Config State',
    '-----------------------------------------------------------------------------',
    ...rows,
  ].join('\n')
}

/** Columns at 0, 18, 45 and 63. */
function exrPlatform({ router }: CommandContext): string {
  const rows = router.profile.nodes.map((node) => {
    const name = isXr(node) ? `${node.location}/CPU0` : node.location
    const state = isXr(node) ? cpuState(router, node) : 'OPERATIONAL'
    return `${name.padEnd(18)}${`${node.pid}${roleSuffix(router, node)}`.padEnd(27)}${state.padEnd(18)}NSHUT`
  })
  return [
    'Node              Type                       State             Config state',
    '--------------------------------------------------------------------------------',
    ...rows,
  ].join('\n')
}

function calvadosPlatform({ router }: CommandContext): string {
  const software = (node: HardwareNode) => {
    if (node.role === 'FAN' || node.role === 'PWR') return 'N/A'
    return router.settled() ? 'OPERATIONAL' : 'SW_INACTIVE'
  }
  const rows = router.profile.nodes.map(
    (node) =>
      `${node.location.padEnd(10)}${node.pid.padEnd(24)}${'OPERATIONAL'.padEnd(14)}${software(node).padEnd(14)}NSHUT`,
  )
  return [
    'Location  Card Type               HW State      SW State      Config State',
    '----------------------------------------------------------------------------',
    ...rows,
  ].join('\n')
}

function redundancy({ router }: CommandContext): string {
  const { activeNode, standbyNode } = router.profile
  const ready = router.settled() ? 'ready' : 'not ready'
  const booted = router.bootedAt()
  const since = uptimeText(router.now().getTime() - booted.getTime())
  return [
    `Redundancy information for node ${activeNode}:`,
    '==========================================',
    `Node ${activeNode} is in ACTIVE role`,
    `Partner node (${standbyNode}) is in STANDBY role`,
    `Standby node in ${standbyNode} is ${ready}`,
    `Standby node in ${standbyNode} is ${router.settled() ? 'NSR-ready' : 'not NSR-ready'}`,
    `Node ${activeNode} is in process group PRIMARY role`,
    `Process Redundancy Partner (${standbyNode}) is in BACKUP role`,
    '',
    'Reload and boot info',
    '----------------------',
    `${activeNode} reloaded ${booted.toUTCString()}: ${since} ago`,
    `Active node booted ${booted.toUTCString()}: ${since} ago`,
    `Standby node boot ${booted.toUTCString()}: ${since} ago`,
    `Standby node last went not ready ${booted.toUTCString()}: ${since} ago`,
    'There have been 0 switch-overs since reload',
    '',
    'Active node reload  Cause: Initiating switch-over.',
    'Standby node reload  Cause: Reload requested by operator.',
  ].join('\n')
}

interface Item {
  readonly name: string
  readonly description: string
  readonly pid: string
  readonly vid: string
  readonly serial: string
}

function chassisOf({ profile, serial }: RouterCore): Item {
  const { name, description, pid, vid } = profile.chassis
  return { name, description, pid, vid, serial }
}

/** `NAME: "x", DESCR: "y"` and `PID: p, VID: v, SN: s`. */
function quoted(item: Item): string {
  return `NAME: "${item.name}", DESCR: "${item.description}"\nPID: ${item.pid}, VID: ${item.vid}, SN: ${item.serial}\n`
}

/** ` Name: Rack 0                Descr: …`, as the sysadmin plane prints items. */
function aligned(item: Item): string {
  return ` Name: ${item.name.padEnd(21)} Descr: ${item.description}\n PID: ${item.pid.padEnd(22)} VID: ${item.vid.padEnd(21)} SN: ${item.serial}`
}

/** A card's serial number: the profile's stem and the end of the chassis' own, so that no two routers share one. */
function itemsOf(router: RouterCore, nameOf: (node: HardwareNode) => string): Item[] {
  const own = router.serial.slice(-2)
  return router.profile.nodes.map((node) => ({
    name: nameOf(node),
    description: node.description,
    pid: node.pid,
    vid: node.version,
    serial: `${node.serial.slice(0, -2)}${own}${node.serial.slice(-1)}`,
  }))
}

function classicName(node: HardwareNode): string {
  if (isXr(node)) return `module ${node.location}/CPU0`
  return node.role === 'FAN' ? `fan ${node.location}/SP` : `power-module ${node.location}/SP`
}

function classicInventory({ router }: CommandContext): string {
  return [...itemsOf(router, classicName), chassisOf(router)].map(quoted).join('\n')
}

function exrInventory({ router }: CommandContext): string {
  const name = (node: HardwareNode) => (isXr(node) ? `${node.location}/CPU0` : node.location)
  return [chassisOf(router), ...itemsOf(router, name)].map(quoted).join('\n')
}

function calvadosInventory({ router }: CommandContext): string {
  const items = [chassisOf(router), ...itemsOf(router, (node) => node.location)]
  return `\n${items.map(aligned).join('\n\n')}`
}

const REDUNDANCY: readonly Command[] = [
  { words: 'show redundancy', run: redundancy },
  { words: 'show redundancy summary', run: redundancy },
  { words: 'show redundancy location all', run: redundancy },
]

const INVENTORY_ARGS = ['all', 'raw', 'location all'] as const

function withVariants(run: Command['run']): Command[] {
  return [
    { words: 'show inventory', run },
    ...INVENTORY_ARGS.map((words) => ({ words: `show inventory ${words}`, run })),
  ]
}

/** Classic XR, both planes. */
export const CLASSIC_HARDWARE_COMMANDS: readonly Command[] = [
  { words: 'show platform', run: classicPlatform },
  ...REDUNDANCY,
  ...withVariants(classicInventory),
  { words: 'show inventory chassis', run: ({ router }) => quoted(chassisOf(router)) },
]

/** eXR, XR plane. */
export const EXR_HARDWARE_COMMANDS: readonly Command[] = [
  { words: 'show platform', run: exrPlatform },
  ...REDUNDANCY,
  ...withVariants(exrInventory),
  { words: 'show inventory chassis', run: ({ router }) => quoted(chassisOf(router)) },
]

/** eXR, sysadmin plane. */
export const CALVADOS_HARDWARE_COMMANDS: readonly Command[] = [
  { words: 'show platform', run: calvadosPlatform },
  ...withVariants(calvadosInventory),
  { words: 'show inventory chassis', run: ({ router }) => `\n${aligned(chassisOf(router))}` },
]
