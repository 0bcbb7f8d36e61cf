// Wiring of the gateway: the only file that sees everything.
import { readFile } from 'node:fs/promises'
import type { Caller } from '@slipway/contracts'
import {
  createReleasers,
  createRevocations,
  createSigningKeys,
  type HealthOptions,
  type IdentityDeps,
  liveGauge,
  publicUrlOf,
  type RunningService,
  type ServiceDefinition,
  type ServiceDeps,
  trustedProxiesProblem,
} from '@slipway/service-kit'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { catalogRoutes } from './catalog/catalog-routes.ts'
import { commandProfileRoutes } from './command-profiles/command-profile-routes.ts'
import { GatewayConfig } from './config.ts'
import { dispatchRoutes } from './dispatch/dispatch-routes.ts'
import { distributionRoutes } from './distribution/distribution-routes.ts'
import { createEventHub } from './events/event-hub.ts'
import { eventRoutes } from './events/event-routes.ts'
import { hostRoutes } from './hosts/host-routes.ts'
import type { ApiRoute } from './http/api-route.ts'
import { type Backend, createBackend } from './http/backend.ts'
import { createServer } from './http/server.ts'
import { assertJobExists, installRoutes } from './install/install-routes.ts'
import { jumpHostRoutes } from './jump-hosts/jump-host-routes.ts'
import { regionRoutes } from './regions/region-routes.ts'
import { serverRepositoryRoutes } from './server-repositories/server-repository-routes.ts'
import { userRoutes } from './users/user-routes.ts'

/** What the gateway is given beside what every service is given. */
export interface GatewayDeps extends ServiceDeps<GatewayConfig> {
  /** Plugins that serve bytes, which never travel the bus. Each registers its routes relative to /api/v1. */
  byteRoutes: {
    /** `GET /install/logs/:id`: the session logs of a job as a zip. Caller and job have been checked before. */
    sessionLogs: FastifyPluginAsync
    /** `PUT /distributions/:directory/:file`. Caller and permission have been checked before. */
    publishing: (callerOf: (request: FastifyRequest) => Caller) => FastifyPluginAsync
    /** `/download`, from the root, with its own authentication and errors. Given how this gateway authenticates. */
    downloads: (auth: IdentityDeps) => FastifyPluginAsync
  }
  /** What /healthz, /readyz and /metrics of this process say; the gateway adds itself. */
  health: HealthOptions
}

/** A gateway that listens. */
export interface RunningGateway extends RunningService {
  /** Where the API is served, e.g. `http://127.0.0.1:5000`. */
  readonly address: string
}

/** The gateway: the only place that knows the HTTP shapes of the API guide. */
export const gatewayService = {
  name: 'gateway',
  configSchema: GatewayConfig,
  create: createGateway,
} as const satisfies Omit<ServiceDefinition<typeof GatewayConfig>, 'create'> & {
  create(deps: GatewayDeps): Promise<RunningGateway>
}

/** Every route of the API but /token, the session logs and the streams of events. */
export function apiRoutes(backend: Backend, clock: GatewayDeps['clock'], publicUrl: string): ApiRoute[] {
  return [
    ...regionRoutes(backend),
    ...jumpHostRoutes(backend),
    ...serverRepositoryRoutes(backend),
    ...commandProfileRoutes(backend),
    ...hostRoutes(backend),
    ...installRoutes(backend, clock),
    ...userRoutes(backend),
    ...catalogRoutes(backend, clock),
    ...dispatchRoutes(backend),
    ...distributionRoutes(backend, publicUrl),
  ]
}

async function createGateway(deps: GatewayDeps): Promise<RunningGateway> {
  const { bus, clock, config, log } = deps
  const releasers = createReleasers({
    onFailure: ({ name, error }) => log.warn({ err: error, name }, 'could not be released'),
  })
  let stopping = false
  const timeoutMs = config.readTimeout
  try {
    const { trustedProxies = [] } = config
    const objection = trustedProxiesProblem('GATEWAY_TRUSTED_PROXIES', trustedProxies)
    if (objection !== undefined) throw new Error(objection)
    const revocations = await createRevocations({ bus, clock, log })
    releasers.push('revocations', () => revocations.stop())
    const keys = createSigningKeys({ bus, clock, timeoutMs })
    releasers.push('signing keys', () => keys.stop())
    const ready = () => !stopping && revocations.isFresh()
    const backend = createBackend({ bus, readTimeoutMs: timeoutMs })
    const hub = createEventHub({
      bus,
      ask: backend.ask,
      clock,
      log,
      limit: config.eventStreams,
      mayTell: revocations.isFresh,
    })
    releasers.push('event hub', () => hub.stop())
    liveGauge(
      deps.health.metrics,
      { name: 'slipway_gateway_event_streams', help: 'Streams of job events that are open.' },
      hub.count,
    )
    const tls = await readTls(config)
    const auth = { bus, keys, revocations, timeoutMs }
    const app = await createServer({
      log,
      auth,
      routes: apiRoutes(backend, clock, publicUrlOf(config)),
      publishing: deps.byteRoutes.publishing,
      downloads: deps.byteRoutes.downloads(auth),
      health: { ...deps.health, ready: { ...deps.health.ready, gateway: ready } },
      sessionLogs: deps.byteRoutes.sessionLogs,
      jobEvents: (scope) => eventRoutes({ auth: scope, hub, clock }),
      assertJobExists: (asker, id) => assertJobExists(backend, asker, id),
      ...(tls === undefined ? {} : { tls }),
      drainMs: config.drain,
      trustedProxies,
    })
    releasers.push('connections', () => app.server.closeAllConnections())
    releasers.push('http server', () => app.close(), config.drain + config.stopGrace)
    // Streams would keep the server from closing, so they end when the drain has: whoever comes back then finds
    // nobody listening here, and another gateway behind the balancer. A 503 would end an EventSource for good.
    app.addHook('preClose', () => hub.stop())
    const address = await app.listen({ host: config.host, port: config.port })
    log.info({ address }, 'the API is served')
    return {
      address,
      ready,
      async stop() {
        stopping = true
        await releasers.release()
      },
    }
  } catch (error) {
    await releasers.release()
    throw error
  }
}

async function readTls({ tlsCert, tlsKey }: GatewayConfig) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new Error('TLS_CERT and TLS_KEY must be set together')
  }
  const [cert, key] = await Promise.all([readFile(tlsCert, 'utf8'), readFile(tlsKey, 'utf8')])
  return { cert, key }
}
