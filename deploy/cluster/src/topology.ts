// Who is in the cluster on one machine: the one table to which a service is added. In the order of start; kinds stop in
// the reverse one, so that each finds those it needs until its end.

/** What the supervisor has to know of a service. */
interface ServiceShape {
  service: string
  /** Processes; a second one lets the first stop without a failed request. */
  replicas: number
  /** True if it has a database: it is made, and told as `<SERVICE>_DATABASE_URL`. */
  database: boolean
  /** True if it seals or opens: it gets `SLIPWAY_MASTER_KEY`. */
  masterKey: boolean
}

export const topology = [
  { service: 'auth', replicas: 2, database: true, masterKey: true },
  { service: 'inventory', replicas: 2, database: true, masterKey: true },
  { service: 'catalog', replicas: 2, database: true, masterKey: false },
  { service: 'scheduler', replicas: 2, database: true, masterKey: false },
  { service: 'distribution', replicas: 2, database: true, masterKey: false },
  { service: 'executor', replicas: 3, database: true, masterKey: true },
  { service: 'gateway', replicas: 2, database: false, masterKey: false },
] as const satisfies readonly ServiceShape[]

type Entry = (typeof topology)[number]
export type ServiceName = Entry['service']
/** Services with a database. */
export type DatabaseOwner = Extract<Entry, { database: true }>['service']

export const serviceNames: readonly ServiceName[] = topology.map(({ service }) => service)
export const databaseOwners: readonly DatabaseOwner[] = topology
  .filter((entry) => entry.database)
  .map(({ service }) => service)
export const masterKeyHolders: readonly ServiceName[] = topology
  .filter(({ masterKey }) => masterKey)
  .map(({ service }) => service)

export interface PlannedProcess {
  service: ServiceName
  /** For example `scheduler-2`; with one replica the service's name. */
  name: string
}

/** All processes of services. */
export function planProcesses(): PlannedProcess[] {
  const shapes: readonly (ServiceShape & { service: ServiceName })[] = topology
  return shapes.flatMap(({ service, replicas }) =>
    Array.from({ length: replicas }, (_, index) => ({
      service,
      name: replicas === 1 ? service : `${service}-${index + 1}`,
    })),
  )
}

/** `2 auth, 2 inventory, …` */
export const topologyText = topology.map(({ service, replicas }) => `${replicas} ${service}`).join(', ')
