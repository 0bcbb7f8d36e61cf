// The configuration of the nats-server that `npm run cluster` starts: local, without a disk, a user for each service
// with the permissions of the contracts. A deployment of one's own looks the same (docs/operations.md).
import { randomBytes } from 'node:crypto'
import { natsAuthorization } from '@slipway/bus'
import { busAccess, type Context } from '@slipway/contracts'

export interface NatsUser {
  service: Context
  password: string
}

/** Users with passwords made for this start. */
export function createNatsUsers(services: readonly Context[]): NatsUser[] {
  return services.map((service) => ({ service, password: randomBytes(18).toString('hex') }))
}

/** The text of the configuration file. */
export function natsConfig(port: number, users: readonly NatsUser[]): string {
  const entries = users.map(({ service, password }) => ({
    user: service,
    password,
    access: busAccess(service),
  }))
  return `host: 127.0.0.1\nport: ${port}\n${natsAuthorization(entries)}`
}

/** How a service reaches it. */
export function natsUrl(port: number, { service, password }: NatsUser): string {
  return `nats://${service}:${password}@127.0.0.1:${port}`
}
