/** Shows of the XR plane that are neither hardware nor software: users, clock, routing state, logs, disks. */
import { execTimestamp, idleText, syslogTime } from '../device-time.ts'
import { FAULT_KINDS } from '../faults.ts'
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'
import { runningConfig } from './running-config.ts'

function users({ router, session }: CommandContext): string {
  const now = router.now().getTime()
  const rows = router.sessions().map((each) => {
    const mark = each === session ? '*' : ' '
    const idle = idleText(now - each.lastInputAt.getTime())
    return `${mark}  ${each.line.padEnd(16)}${each.user.padEnd(21)}${each.service.padEnd(13)}0  ${idle}     ${each.remote}`
  })
  return ['   Line            User                 Service  Conns   Idle        Location', ...rows].join('\n')
}

/** `HH:MM:SS.mmm UTC Wed Feb 10 2016`. */
function clock({ router }: CommandContext): string {
  const [dow, month, day, time, zone] = execTimestamp(router.now()).split(/\s+/)
  return `${time} ${zone} ${dow} ${month} ${day} ${router.now().getUTCFullYear()}`
}

function isis({ router }: CommandContext): string {
  const up = router.settled() ? 4 : 2
  return [
    '',
    'IS-IS CORE neighbor summary:',
    '  State          L1       L2       L1L2',
    `  Up              0        ${up}          0`,
    `  Init            0        ${4 - up}          0`,
    '  Failed          0        0          0',
  ].join('\n')
}

/** How many lines the buffer holds at most. */
const LOG_BUFFER_LINES = 500

function logging(context: CommandContext): string {
  const [last, count] = context.args.map(({ text }) => text)
  if (last !== undefined && !('last'.startsWith(last) && /^\d+$/.test(count ?? ''))) {
    return context.invalid(context.args[0])
  }
  const lines = context.router
    .syslogLines()
    .slice(-Math.min(Number(count ?? LOG_BUFFER_LINES), LOG_BUFFER_LINES))
  return [
    'Syslog logging: enabled (0 messages dropped, 0 flushes, 0 overruns)',
    '    Console logging: Disabled',
    '    Monitor logging: level debugging, 0 messages logged',
    `    Buffer logging: level debugging, ${context.router.syslogLines().length} messages logged`,
    '',
    'Log Buffer (2097152 bytes):',
    '',
    ...lines,
  ].join('\n')
}

function failedStartup({ router }: CommandContext): string {
  if (!router.faults.has(FAULT_KINDS.failedStartup)) return ''
  return [
    '!! SYNTAX/AUTHORIZATION ERRORS: This configuration failed due to',
    '!! one or more of the following reasons:',
    '!!  - the entered commands do not exist,',
    '!!  - the entered commands have errors in their syntax,',
    '!!  - the software packages containing the commands are not active,',
    '!!  - the current user is not a member of a task-group that has',
    '!!    permissions to use the commands.',
    '',
    'multicast-routing',
    ' address-family ipv4',
    '  interface all enable',
    '!',
  ].join('\n')
}

function cfsCheck({ print }: CommandContext): undefined {
  print('Creating any missing directories in Configuration File system...OK\n')
  print('Initializing Configuration Version Manager...OK\n')
  print('Syncing commit database with running configuration...OK\n')
  return undefined
}

function filesystem({ router }: CommandContext): string {
  const free = Math.max(0, router.diskBytes - router.store.bytesUsed())
  const row = (size: string, left: string, type: string, name: string) =>
    `${size.padStart(14)}${left.padStart(14)}${type.padStart(12)}     rw  ${name}`
  return [
    'File Systems:',
    '',
    '       Size(b)       Free(b)        Type  Flags  Prefixes',
    row('-', '-', 'network', 'tftp:'),
    row('-', '-', 'network', 'ftp:'),
    row('-', '-', 'network', 'rcp:'),
    row(String(router.diskBytes), String(free), 'flash-disk', 'disk0:'),
    row('6442450944', '5368709120', 'harddisk', 'harddisk:'),
    row('393216', '375000', 'nvram', 'nvram:'),
  ].join('\n')
}

function directory(context: CommandContext): string {
  const { router } = context
  const place = context.args[0]?.text ?? 'disk0:'
  if (!/^(?:disk0|harddisk|\/misc)[:/]/.test(place)) return context.invalid(context.args[0])
  const free = Math.max(0, router.diskBytes - router.store.bytesUsed())
  const at = syslogTime(router.bootedAt()).replace(/\.\d+$/, '')
  const files = router.store.all().map((facts, index) => {
    const bytes = String(facts.installedBytes).padStart(12)
    return `${String(index + 100).padStart(8)}  -rw-${bytes}  ${at}  ${facts.name}`
  })
  return [
    '',
    `Directory of ${place}`,
    '',
    ...files,
    '',
    `${router.diskBytes} bytes total (${free} bytes free)`,
  ].join('\n')
}

const INTERFACES = [
  'Interface                      IP-Address      Status          Protocol Vrf-Name',
  'Loopback0                      198.51.100.1    Up              Up       default',
  ...[0, 1, 2, 3].map((link) => {
    const name = `HundredGigE0/0/0/${link}`.padEnd(31)
    return `${name}${`203.0.113.${link * 4 + 1}`.padEnd(16)}Up              Up       default`
  }),
].join('\n')

/** Commands of the XR plane; classic admin mode has them too. */
export const SYSTEM_COMMANDS: readonly Command[] = [
  { words: 'show users', run: users },
  { words: 'show clock', run: clock },
  { words: 'show isis neighbor summary', run: isis },
  { words: 'show logging', args: true, run: logging },
  { words: 'show configuration failed startup', run: failedStartup },
  { words: 'show running-config', args: true, run: ({ router }) => runningConfig(router) },
  { words: 'show filesystem', args: true, run: filesystem },
  { words: 'show ipv4 interface brief', run: () => INTERFACES },
  { words: 'show ip interface brief', run: () => INTERFACES },
  { words: 'dir', args: true, run: directory },
  { words: 'cfs check', run: cfsCheck },
  { words: 'clear configuration inconsistency', run: cfsCheck },
]
