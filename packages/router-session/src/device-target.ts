// Where a device is and how one speaks to it.

export type DeviceProtocol = 'telnet' | 'ssh'

/** A device and the credentials for it. Every address is tried with every port, in the given order. */
export interface DeviceTarget {
  protocol: DeviceProtocol
  addresses: string[]
  /** Empty: the default port of the protocol (telnet 23, ssh 22). */
  ports: number[]
  username?: string
  password?: string
  /** Credentials of the eXR admin plane where they differ from the login. */
  adminUsername?: string
  adminPassword?: string
}

/** One address and port to try. */
export interface Hop {
  protocol: DeviceProtocol
  address: string
  port: number
  username: string
  password: string
}

const DEFAULT_PORTS: Record<DeviceProtocol, number> = { telnet: 23, ssh: 22 }

/** The hops of a target in the order they are tried: for each address each port. */
export function hopsOf(target: DeviceTarget): Hop[] {
  const ports = target.ports.length > 0 ? target.ports : [DEFAULT_PORTS[target.protocol]]
  return target.addresses.flatMap((address) =>
    ports.map((port) => ({
      protocol: target.protocol,
      address,
      port,
      username: target.username ?? '',
      password: target.password ?? '',
    })),
  )
}

/** `proto://user@host:port` for status lines; never the password. */
export function hopText(hop: Hop): string {
  const host = hop.address.includes(':') ? `[${hop.address}]` : hop.address
  return `${hop.protocol}://${hop.username === '' ? '' : `${hop.username}@`}${host}:${hop.port}`
}
