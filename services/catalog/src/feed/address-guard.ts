// Addresses that are never asked for a feed: link-local ones and the metadata services of clouds, which hand out
// credentials to whoever can reach them. Loopback and private addresses are allowed: labs keep their feeds there.
import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const refused = new BlockList()
refused.addSubnet('169.254.0.0', 16, 'ipv4')
refused.addSubnet('fe80::', 10, 'ipv6')
/** Metadata services outside of the link-local ranges: Alibaba, Oracle, Azure; AWS and Google over IPv6. */
for (const address of ['100.100.100.200', '192.0.0.192', '168.63.129.16']) refused.addAddress(address, 'ipv4')
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) refused.addAddress(address, 'ipv6')
/** 169.254/16 written as IPv6: compatible, translated (NAT64, RFC 6052), 6to4 (RFC 3056). Mapped ones BlockList knows. */
refused.addSubnet('::169.254.0.0', 112, 'ipv6')
refused.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6')
refused.addSubnet('2002:a9fe::', 32, 'ipv6')

/** Names of metadata services, refused before they are looked up. */
const metadataNames: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
  'instance-data',
  'instance-data.ec2.internal',
])

/** True for a host that is refused whatever it resolves to. @param host as in a URL, IPv6 in brackets */
export function isRefusedHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return isIP(bare) === 0 ? metadataNames.has(bare.toLowerCase()) : isRefusedAddress(bare)
}

/** True for an address that is refused. */
export function isRefusedAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  const family = isIP(bare)
  return family === 0 || refused.check(bare, family === 4 ? 'ipv4' : 'ipv6')
}

export type Resolver = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/** What a refused look-up fails with. */
export const REFUSED_ADDRESS = 'EREFUSEDADDRESS'

/**
 * A look-up for connections: what it hands out is what is connected to, so that a name cannot mean one address when
 * it is checked and another when it is used. A single refused address among several refuses the name.
 */
export function guardedLookup(resolveName: Resolver = lookup): LookupFunction {
  return (host, options, done) => {
    resolveName(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0)
      const [first] = addresses
      if (first === undefined || addresses.some(({ address }) => isRefusedAddress(address))) {
        return done(Object.assign(new Error('refused address'), { code: REFUSED_ADDRESS }), '', 0)
      }
      if (options.all === true) return done(null, addresses)
      done(null, first.address, first.family)
    })
  }
}
