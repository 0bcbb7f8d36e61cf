/**
 * A running configuration of a small provider-edge router. Whatever looks secret in it is a made-up type-7-like
 * string that decodes to nothing.
 */
import { execTimestamp } from '../device-time.ts'
import type { RouterCore } from '../router-core.ts'

const CORE_LINKS = [0, 1, 2, 3] as const
const CUSTOMER_PORTS = [0, 1, 2, 3, 4, 5] as const

/** Text of `show running-config`. */
export function runningConfig(router: RouterCore): string {
  return [
    'Building configuration...',
    `!! IOS XR Configuration ${router.store.image().release}`,
    `!! Last configuration change at ${execTimestamp(router.bootedAt()).replace(/\.\d+ UTC$/, '')} by root`,
    '!',
    `hostname ${router.hostname}`,
    ...system(),
    ...router.profile.nodes.filter(({ role }) => role === 'RP').flatMap(management),
    ...CORE_LINKS.flatMap(coreLink),
    ...CUSTOMER_PORTS.flatMap(customerPort),
    ...routing(),
    'end',
    '',
  ].join('\n')
}

function system(): string[] {
  return [
    'clock timezone UTC 0',
    'logging console disable',
    'logging buffered 2097152',
    'logging 192.0.2.20 vrf default severity informational',
    'telnet vrf default ipv4 server max-servers 10',
    'domain name lab.example',
    'username root',
    ' group root-lr',
    ' group cisco-support',
    ' secret 7 0000000000FAKE00000000',
    '!',
    'username operator',
    ' group netadmin',
    ' password 7 0011FAKE2233FAKE4455',
    '!',
    'tacacs-server host 192.0.2.30 port 49',
    ' key 7 0099FAKE8877FAKE66',
    '!',
    'snmp-server community lab-fake-ro RO',
    'snmp-server host 192.0.2.21 traps version 2c lab-fake-ro',
    'ntp',
    ' server 192.0.2.1',
    ' server 192.0.2.2 prefer',
    '!',
    'line default',
    ' exec-timeout 10 0',
    ' session-limit 10',
    '!',
    'vty-pool default 0 4',
    'ipv4 access-list MANAGEMENT',
    ' 10 permit tcp 192.0.2.0 0.0.0.255 any eq ssh',
    ' 20 permit tcp 192.0.2.0 0.0.0.255 any eq telnet',
    ' 30 deny ipv4 any any',
    '!',
    'interface Loopback0',
    ' ipv4 address 198.51.100.1 255.255.255.255',
    '!',
  ]
}

function management({ location }: { readonly location: string }): string[] {
  return [`interface MgmtEth${location}/CPU0/0`, ' ipv4 address dhcp', '!']
}

function coreLink(link: number): string[] {
  return [
    `interface HundredGigE0/0/0/${link}`,
    ` description core link ${link + 1}`,
    ' mtu 9216',
    ` ipv4 address 203.0.113.${link * 4 + 1} 255.255.255.252`,
    ' load-interval 30',
    '!',
  ]
}

function customerPort(port: number): string[] {
  return [
    `interface TenGigE0/1/0/${port}`,
    ` description customer ${port + 1}`,
    ` ipv4 address 10.${port}.0.1 255.255.255.0`,
    ' shutdown',
    '!',
  ]
}

function routing(): string[] {
  const isis = CORE_LINKS.flatMap((link) => [
    ` interface HundredGigE0/0/0/${link}`,
    '  circuit-type level-2-only',
    '  point-to-point',
    '  hello-password keychain CORE-KEYS',
    '  address-family ipv4 unicast',
    `   metric ${(link + 1) * 10}`,
    '  !',
    ' !',
  ])
  return [
    'router static',
    ' address-family ipv4 unicast',
    '  0.0.0.0/0 192.0.2.254',
    ' !',
    '!',
    'router isis CORE',
    ' is-type level-2-only',
    ' net 49.0001.1980.5110.0001.00',
    ' log adjacency changes',
    ' address-family ipv4 unicast',
    '  metric-style wide',
    ' !',
    ' interface Loopback0',
    '  passive',
    '  address-family ipv4 unicast',
    '  !',
    ' !',
    ...isis,
    '!',
    'router bgp 64500',
    ' bgp router-id 198.51.100.1',
    ' address-family vpnv4 unicast',
    ' !',
    ' neighbor 198.51.100.2',
    '  remote-as 64500',
    '  password encrypted 00FAKE11FAKE22',
    '  update-source Loopback0',
    ' !',
    '!',
    'mpls ldp',
    ' router-id 198.51.100.1',
    ...CORE_LINKS.flatMap((link) => [` interface HundredGigE0/0/0/${link}`, ' !']),
    '!',
    'key chain CORE-KEYS',
    ' key 1',
    '  key-string password 7 00FAKEFAKEFAKE00',
    ' !',
    '!',
    'ssh server v2',
    'ssh server vrf default',
  ]
}
