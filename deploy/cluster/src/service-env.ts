// What each process is told. A service gets the settings that name it and what all share, but of the secrets only its own:
// the gateway, which strangers talk to, holds neither the master key nor a database password.
import type { Environment } from '@slipway/service-kit'
import { databaseVariable } from './databases.ts'
import {
  type DatabaseOwner,
  databaseOwners,
  masterKeyHolders,
  type PlannedProcess,
  type ServiceName,
} from './topology.ts'

export interface ServicePlan extends PlannedProcess {
  /** Port of health and metrics. */
  port: number
}

export interface EnvironmentParts {
  env: Environment
  masterKey: string
  logDir: string
  /** Below it a catalog feed is read. */
  feedDir: string
  logLevel: string
  natsUrl(service: ServiceName): string
  databaseUrl(service: DatabaseOwner): string
  /** The internal HTTP of each process of a service. */
  urlsOf(service: ServiceName): readonly string[]
  /** The store of distributions is in it. */
  dataDir: string
  host: string
  port: number
  /** How routers reach the API. */
  publicUrl: string
}

/** Never passed through as they are; each service is given its own. */
const OWN_ONLY =
  /^(SLIPWAY_MASTER_KEY|SLIPWAY_ADMIN_PASSWORD|NATS_\w+|[A-Z]+_DATABASE_URL|HOST|PORT|METRICS_PORT|EXECUTOR_SOLE)$/
/** How long a gateway that stops lets its clients turn to the other one. */
const GATEWAY_DRAIN = '1s'

/** The environment of a process. */
export function serviceEnvironment(plan: ServicePlan, parts: EnvironmentParts): Environment {
  const { service, name, port } = plan
  const { env } = parts
  const passed = Object.entries(env).filter(([key]) => !OWN_ONLY.test(key))
  const own = databaseOwners.find((owner) => owner === service)
  return {
    ...Object.fromEntries(passed),
    ...natsCredentials(env),
    SLIPWAY_INSTANCE: name,
    LOG_LEVEL: parts.logLevel,
    NATS_URL: parts.natsUrl(service),
    [`${service.toUpperCase()}_PORT`]: String(port),
    ...(masterKeyHolders.includes(service) ? { SLIPWAY_MASTER_KEY: parts.masterKey } : {}),
    ...(own === undefined ? {} : { [databaseVariable(own)]: parts.databaseUrl(own) }),
    ...specifics(plan, parts),
  }
}

/** Only where NATS is not ours: the settings with which it lets us in. */
function natsCredentials(env: Environment): Environment {
  if (!env['NATS_URL']) return {}
  return Object.fromEntries(Object.entries(env).filter(([key]) => key.startsWith('NATS_')))
}

function specifics({ service, name }: ServicePlan, parts: EnvironmentParts): Environment {
  const { env } = parts
  switch (service) {
    case 'auth':
      return { SLIPWAY_ADMIN_PASSWORD: env['SLIPWAY_ADMIN_PASSWORD'] }
    case 'catalog':
      return { CATALOG_FEED_DIR: parts.feedDir }
    case 'executor':
      return { SLIPWAY_LOG_DIR: parts.logDir, EXECUTOR_NAME: name, SLIPWAY_PUBLIC_URL: parts.publicUrl }
    case 'distribution':
      // The gateways, which tell whom they ask for.
      return { SLIPWAY_DATA_DIR: parts.dataDir, DISTRIBUTION_TRUSTED_PROXIES: '127.0.0.1' }
    case 'gateway':
      return {
        HOST: parts.host,
        PORT: String(parts.port),
        EXECUTOR_URL: parts.urlsOf('executor').join(','),
        DISTRIBUTION_URL: parts.urlsOf('distribution').join(','),
        GATEWAY_DRAIN: env['GATEWAY_DRAIN'] || GATEWAY_DRAIN,
      }
    default:
      return {}
  }
}
