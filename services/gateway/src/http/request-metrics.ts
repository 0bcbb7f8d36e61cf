// How long answers over HTTP take, by route and status. Paths that no route knows are one route, and methods that no
// route has are one method, so that nobody outside can make labels.
import { histogram, type Metrics } from '@slipway/service-kit'
import type { FastifyInstance } from 'fastify'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Measures every request from its arrival to the end of its answer. */
export function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  const seconds = histogram(metrics, {
    name: 'slipway_gateway_request_seconds',
    help: 'Time until an HTTP request was answered, by route, method and class of status (2xx, 4xx, …).',
    labels: ['route', 'method', 'status'],
  })
  app.addHook('onResponse', async (request, reply) => {
    const { url } = request.routeOptions
    seconds.observe(
      {
        route: url === undefined || request.is404 ? 'unknown' : url,
        method: methods.has(request.method) ? request.method : 'other',
        status: `${Math.trunc(reply.statusCode / 100)}xx`,
      },
      reply.elapsedTime / 1_000,
    )
  })
}
