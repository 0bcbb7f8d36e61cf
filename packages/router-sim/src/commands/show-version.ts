/** `show version`, whose facts discovery lives on. */
import { uptimeText } from '../device-time.ts'
import { onDisk } from '../install/classic-text.ts'
import type { RouterCore } from '../router-core.ts'
import type { PackageFacts } from '../software/package-facts.ts'
import type { CommandContext } from './command-context.ts'
import type { Command } from './command-tree.ts'

/** Parts a classic mini is made of, as the long form lists them. */
const MINI_PARTS = [
  'infra',
  'fwding',
  'routing',
  'ce',
  'diags',
  'mgbl-base',
  'os-mbi',
  'base',
  'cpp',
  'scfclient',
] as const

function uptime(router: RouterCore): string {
  return uptimeText(router.now().getTime() - router.bootedAt().getTime())
}

function classicHead(router: RouterCore): string[] {
  const { release } = router.store.image()
  const image = `disk0:asr9k-os-mbi-${release}/0x100305/mbiasr9k-rsp3.vm`
  return [
    '',
    `Cisco IOS XR Software, Version ${release}[Default]`,
    `Copyright (c) ${router.profile.firstYear} by Cisco Systems, Inc.`,
    '',
    'ROM: System Bootstrap, Version 10.44(c) 1994-2014 by Cisco Systems,  Inc.',
    '',
    `${router.hostname} uptime is ${uptime(router)}`,
    `System image file is "${image}"`,
    '',
    'cisco ASR9K Series (Intel 686 F6M14S4) processor with 33554432K bytes of memory.',
    'Intel 686 F6M14S4 processor at 1905MHz, Revision 2.174',
    router.profile.chassis.description,
    '',
    '2 Management Ethernet',
    '1 FastEthernet',
    '8 HundredGigE',
    '24 TenGigE',
    '24 DWDM controller(s)',
    '24 WANPHY controller(s)',
    '375k bytes of non-volatile configuration memory.',
    '6114M bytes of hard disk.',
    '25012208k bytes of disk0: (Sector size 512 bytes).',
    '25012208k bytes of disk1: (Sector size 512 bytes).',
  ]
}

function classicLong({ router }: CommandContext): string {
  const node = router.profile.activeNode
  const packages = router.store.active().flatMap(componentsOf)
  return [
    ...classicHead(router),
    '',
    `Configuration register on node ${node} is 0x2102`,
    `Boot device on node ${node} is disk0:`,
    `Package active on node ${node}:`,
    ...packages,
  ].join('\n')
}

function componentsOf(facts: PackageFacts): string[] {
  const { release, component } = facts
  const parts =
    facts.kind === 'image'
      ? MINI_PARTS.map((part) => `iosxr-${part}`)
      : facts.kind === 'option'
        ? [`iosxr-${component}`, `asr9k-${component}-supp`]
        : []
  const names = [...parts.map((part) => `${part}-${release}`), facts.name]
  return names.flatMap((name) => [
    `${name.replace(`-${release}`, '')}, V ${release}[Default], Cisco Systems, at ${onDisk(name)}`,
    '    Built on Thu Jan 28 14:43:14 UTC 2016',
    `    By iox-lnx-006 in /auto/srcarchive16/production/${release}/asr9k-px/workspace for pie`,
    '',
  ])
}

function exrVersion({ router }: CommandContext): string {
  const { profile } = router
  const { release } = router.store.image()
  return [
    '',
    `Cisco IOS XR Software, Version ${release}`,
    `Copyright (c) ${profile.firstYear}-2016 by Cisco Systems, Inc.`,
    '',
    'Build Information:',
    ' Built By     : ahoang',
    ' Built On     : Mon May  9 01:23:15 PDT 2016',
    ` Build Host   : ${profile.buildHost}`,
    ` Workspace    : /auto/srcarchive16/production/${release}/${profile.family}/workspace`,
    ` Version      : ${release}`,
    ' Location     : /opt/cisco/XR/packages/',
    '',
    `cisco ${profile.platformToken} () processor`,
    `System uptime is ${uptime(router)}`,
    '',
  ].join('\n')
}

function calvadosVersion({ router }: CommandContext): string {
  const { profile } = router
  const { release } = router.store.image()
  return [
    '',
    `Cisco IOS XR Admin Software, Version ${release}`,
    `Copyright (c) ${profile.firstYear}-2016 by Cisco Systems, Inc.`,
    '',
    'Build Information:',
    ' Built By     : ahoang',
    ` Build Host   : ${profile.buildHost}`,
    ` Version      : ${release}`,
    '',
    `System uptime is ${uptime(router)}`,
  ].join('\n')
}

/** Classic: long and brief. */
export const CLASSIC_VERSION_COMMANDS: readonly Command[] = [
  { words: 'show version', run: classicLong },
  { words: 'show version brief', run: ({ router }) => classicHead(router).join('\n') },
]

/** eXR: there is no brief form. */
export const EXR_VERSION_COMMANDS: readonly Command[] = [{ words: 'show version', run: exrVersion }]

/** The sysadmin plane. */
export const CALVADOS_VERSION_COMMANDS: readonly Command[] = [{ words: 'show version', run: calvadosVersion }]
