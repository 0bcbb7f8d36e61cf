// The HTTP of a service that runs alone: health and metrics from its first moment on, its byte routes as soon as it
// runs. It is internal: the gateway and the deployment ask it, never users.
import type { IncomingMessage } from 'node:http'
import { downloadPrefix, isSlipwayError } from '@slipway/contracts'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { createFastify } from './create-fastify.ts'
import { type HealthOptions, healthRoutes } from './health-routes.ts'
import type { Logger } from './logger.ts'
import { routableUrl } from './routable-url.ts'

export interface ProcessServerOptions {
  log: Logger
  health: HealthOptions
  host: string
  port: number
  /** See createFastify: whose word counts about who asks for bytes. */
  trustedProxies?: readonly string[]
}

export interface ProcessServer {
  /** For example `http://127.0.0.1:5004`. */
  readonly address: string
  /** Serves byte routes from now on. */
  mount(routes: FastifyPluginAsync): Promise<void>
  /** Lets requests in flight end. */
  close(): Promise<void>
}

const rewriteUrl = ({ url = '/' }: IncomingMessage) => routableUrl(url, [downloadPrefix])

/** Starts the server. */
export async function startProcessServer(options: ProcessServerOptions): Promise<ProcessServer> {
  const { log, trustedProxies = [] } = options
  // Uploads take as long as they take; whoever reads them gives up clients that send nothing.
  const app = createFastify({
    log,
    return503OnClosing: false,
    requestTimeoutMs: 0,
    trustRequestId: true,
    trustedProxies,
    rewriteUrl,
  })
  let bytes: FastifyInstance | undefined
  await app.register(healthRoutes(options.health))
  const routing = createSwitch(app)
  // A server that listens takes no further routes: those of the service stand in one that does not listen. While the
  // server closes, requests still come to this one, which tells their clients that the connection ends.
  app.all('/*', {
    // Before anything of a body is read.
    onRequest: async (request, reply) => {
      if (bytes === undefined) return reply.callNotFound()
      reply.hijack()
      bytes.routing(request.raw, reply.raw)
    },
    handler: async () => undefined,
  })
  // Its own, also below node:cluster, where ports are shared.
  const address = await app.listen({ host: options.host, port: options.port, exclusive: true })
  return {
    address,
    async mount(routes) {
      const made = createFastify({
        log,
        return503OnClosing: false,
        trustRequestId: true,
        trustedProxies,
        rewriteUrl,
      })
      made.setErrorHandler(sendError)
      await made.register(healthRoutes(options.health))
      await made.register(routes)
      await made.ready()
      bytes = made
      routing.to(made)
    },
    async close() {
      routing.to(app)
      await app.close()
      await bytes?.close()
    },
  }
}

/** Leads requests of a server that listens straight to the routes of another: through both, each would cost twice. */
function createSwitch({ server, routing }: Pick<FastifyInstance, 'server' | 'routing'>) {
  let current = routing
  server.removeAllListeners('request')
  server.on('request', (request, response) => current(request, response))
  return {
    to(app: Pick<FastifyInstance, 'routing'>) {
      current = app.routing
    },
  }
}

/** Errors travel by code, as on the bus; the gateway makes its own answer of them. */
function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (isSlipwayError(error)) {
    const { code, message, params } = error
    return reply.code(error.kind === 'Unavailable' ? 503 : 400).send({ code, message, params })
  }
  request.log.error({ err: error }, 'request failed unexpectedly')
  return reply.code(500).send({ code: 'INTERNAL_UNEXPECTED', message: 'unexpected', params: [] })
}
