// The HTTP server: health routes, and the API below /api/v1, where every answer is JSON in one envelope, whatever
// happens. Source: REST contract, section 1.
import { downloadPrefix } from '@slipway/contracts'
import {
  createFastify,
  type HealthOptions,
  healthRoutes,
  routableUrl,
  type ServiceDeps,
} from '@slipway/service-kit'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { addApiBrowser, describeApi } from '../openapi/api-browser.ts'
import { type ApiDeps, api } from './api.ts'
import { clientErrorHandler } from './client-error.ts'
import { bodyLimitBytes, notFoundError, sendError } from './errors.ts'
import { installHttpRules } from './http-rules.ts'
import { measureRequests } from './request-metrics.ts'
import { apiPrefix } from './url.ts'

export interface ServerDeps extends Omit<ApiDeps, 'description'> {
  log: ServiceDeps<unknown>['log']
  health: HealthOptions
  /** `/download`, from the root. */
  downloads: FastifyPluginAsync
  /** Certificate and key in PEM form. */
  tls?: { cert: string; key: string }
  /** How long requests are still taken after the server was told to close. */
  drainMs: number
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[]
}

/** Makes the server, ready to listen or to be injected. */
export async function createServer(deps: ServerDeps): Promise<FastifyInstance> {
  const app = createFastify({
    log: deps.log,
    bodyLimit: bodyLimitBytes,
    rewriteUrl: (request) => routableUrl(request.url ?? '/', [apiPrefix, downloadPrefix]),
    // While closing, requests of open connections are still answered, in the envelope.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply).catch((err: unknown) => request.log.error({ err }, 'no answer'))
    },
    clientErrorHandler,
    requireHostHeader: false,
    drainMs: deps.drainMs,
    trustedProxies: deps.trustedProxies,
    // Uploads of distributions take as long as they take; other bodies have their time, see limitBodyTime.
    requestTimeoutMs: 0,
    ...(deps.tls === undefined ? {} : { tls: deps.tls }),
  })
  installHttpRules(app)
  measureRequests(app, deps.health.metrics)
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply))
  app.setNotFoundHandler((request, reply) => sendError(notFoundError(request), request, reply))
  await app.register(healthRoutes(deps.health))
  await app.register(deps.downloads)
  const description = describeApi()
  await addApiBrowser(app, description)
  await app.register(api({ ...deps, description }), { prefix: apiPrefix })
  return app
}
