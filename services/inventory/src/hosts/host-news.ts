// What others are told of changed hosts: the scheduler by deliveries, everybody by an event.
import { schedulerDeliveries } from '@slipway/contracts'
import type { NewDelivery, TextDelivery } from '@slipway/database'

/** A host by what the scheduler is told of it. */
export interface HostReference {
  readonly id: string
  readonly hostname: string
  readonly region: string
  readonly version: number
}

/** A host that was changed, by what everybody is told of it. */
export interface HostChange {
  readonly hostId: string
  readonly version: number
}

/** Hosts in one delivery, as its contract allows: a row of the outbox for each host costs more than the hosts. */
const HOSTS_A_DELIVERY = 500

const { subject } = schedulerDeliveries.recordHosts

export interface HostNews {
  /** @param discover it was created or its connection changed */
  add(host: HostReference, discover: boolean): void
  readonly changes: HostChange[]
  /**
   * What the scheduler is told. Deliveries of many hosts may arrive in any order, as it passes over a version that is
   * older than what it knows.
   */
  deliveries(): TextDelivery[]
}

/** Gathers the news of one request. They are written as JSON at once: objects of ten thousand hosts would pile up. */
export function createHostNews(requestId: string): HostNews {
  const changes: HostChange[] = []
  const parts: string[] = []
  let only: HostReference | undefined
  return {
    changes,
    add(host, discover) {
      only = changes.length === 0 ? host : undefined
      changes.push({ hostId: host.id, version: host.version })
      parts.push(JSON.stringify(newsOf(host, discover)))
    },
    deliveries() {
      const count = Math.ceil(parts.length / HOSTS_A_DELIVERY)
      return Array.from({ length: count }, (_, part) => {
        const hosts = parts.slice(part * HOSTS_A_DELIVERY, (part + 1) * HOSTS_A_DELIVERY)
        const payloadText = `{"hosts":[${hosts.join(',')}],"requestId":${JSON.stringify(requestId)}}`
        return { subject, payloadText, ...(only === undefined ? {} : { orderingKey: only.id }) }
      })
    },
  }
}

/** A delivery that asks for a discovery of a host. */
export function discoveryOf(host: HostReference, requestId: string): NewDelivery {
  return { subject, payload: { hosts: [newsOf(host, true)], requestId }, orderingKey: host.id }
}

function newsOf({ id, hostname, region, version }: HostReference, discover: boolean) {
  return { hostId: id, hostname, region, version, discover }
}
