// A listener of its own for scrapers: the port of the API answers /metrics to its own machine only, and in a cluster
// a scraper is elsewhere. Off unless METRICS_PORT is set.
import { type Static, Type } from '@sinclair/typebox'
import { createFastify } from './create-fastify.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

/** Settings of the listener, the same for every process. */
export const metricsSettings = {
  metricsHost: Type.String({
    env: 'METRICS_HOST',
    default: '127.0.0.1',
    description: 'Address of the listener for scrapers; has no effect without METRICS_PORT.',
  }),
  metricsPort: Type.Optional(
    Type.Integer({
      env: 'METRICS_PORT',
      minimum: 0,
      maximum: 65_535,
      description:
        'Serves `/metrics`, and nothing else, on a port of its own to whoever reaches it; not set: no such listener. One port a process. Never open it to users.',
    }),
  ),
}

export interface MetricsServerOptions extends Static<ReturnType<typeof metricsObject>> {
  log: Logger
  metrics: Metrics
}

const metricsObject = () => Type.Object(metricsSettings)

export interface MetricsServer {
  /** For example `http://0.0.0.0:9464`. */
  readonly address: string
  close(): Promise<void>
}

/** Starts the listener if a port is set. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer | undefined> {
  const { log, metrics, metricsHost, metricsPort } = options
  if (metricsPort === undefined) return undefined
  const app = createFastify({ log })
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  )
  const address = await app.listen({ host: metricsHost, port: metricsPort, exclusive: true })
  log.info({ address }, 'metrics are served')
  return { address, close: () => app.close() }
}
