// Everything below /api/v1: parsers, headers of every answer, unknown paths, the routes.
import { type Caller, createError } from '@slipway/contracts'
import { pathOf } from '@slipway/service-kit'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { checkUpload } from '../distribution/upload-rules.ts'
import { type ApiRoute, addApiRoute } from './api-route.ts'
import { type AuthDeps, type Authentication, callerOf, installAuthentication } from './auth-hook.ts'
import type { Asker } from './backend.ts'
import { limitBodyTime } from './body-time.ts'
import { notFoundError } from './errors.ts'
import { parseJsonBody } from './json-body.ts'
import { readQuery } from './query.ts'
import { createMethodTable } from './url.ts'

export interface ApiDeps {
  auth: AuthDeps
  routes: readonly ApiRoute[]
  /** The OpenAPI document. */
  description: Readonly<Record<string, unknown>>
  /** Serves `GET /install/logs/:id`: the session logs of a job as a zip. */
  sessionLogs: FastifyPluginAsync
  /** Serves `PUT /distributions/:directory/:file`. */
  publishing: (callerOf: (request: FastifyRequest) => Caller) => FastifyPluginAsync
  /** Serves `GET /install/:id/events`, behind authentication of its own. */
  jobEvents: (auth: Authentication) => FastifyPluginAsync
  /** Refuses ids of jobs that do not exist before `sessionLogs` is asked. */
  assertJobExists: (asker: Asker, id: string) => Promise<void>
}

/** The API as a plugin; register it with its prefix. Not wrapped: its decorators are its own. */
export function api(deps: ApiDeps): FastifyPluginAsync {
  return async (app) => {
    const auth = await installAuthentication(app, deps.auth)
    app.addHook('onRoute', limitBodyTime)
    installParsers(app)
    app.addHook('onRequest', async (request, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'x-request-id': request.id })
    })
    installUnknownPaths(app, auth)
    app.get('/openapi.json', async () => deps.description)
    addTokenRoute(app, auth)
    for (const route of deps.routes) addApiRoute(app, auth, route)
    addSessionLogs(app, auth, deps)
    addPublishing(app, auth, deps)
    await app.register(deps.jobEvents(auth))
  }
}

/** JSON is read by our own rules; any other body (of GET and DELETE) is drained and means nothing. */
function installParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => parseJsonBody(body),
  )
  app.addContentTypeParser('*', async (_request: FastifyRequest, payload: NodeJS.ReadableStream) => {
    payload.resume()
  })
}

/** Unknown paths and wrong methods, told to those only whose credentials are good, before any body is read. */
function installUnknownPaths(app: FastifyInstance, auth: Authentication): void {
  const table = createMethodTable()
  app.addHook('onRoute', ({ url, method }) => {
    table.add(url, [method].flat())
  })
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return
    await auth.authenticate(request)
    const methods = table.methodsOf(pathOf(request.url))
    if (methods.length === 0) throw notFoundError(request)
    reply.header('allow', methods.join(', '))
    throw createError('ROUTE_METHOD_NOT_ALLOWED')
  })
  // Never reached: it makes the hooks above run for paths below this prefix.
  app.setNotFoundHandler((request) => {
    throw notFoundError(request)
  })
}

/** `GET /token`: without envelope, for user and password only. Source: API guide, overview. */
function addTokenRoute(app: FastifyInstance, auth: Authentication): void {
  const tokens = new WeakMap<object, string>()
  app.get('/token', {
    onRequest: async (request, reply) => {
      tokens.set(request, await auth.issueToken(request, reply))
    },
    handler: async (request) => {
      readQuery(request.query as Readonly<Record<string, unknown>>, [])
      return { token: tokens.get(request) }
    },
  })
}

/** Session logs are bytes, served by a plugin of the executor once it is known that caller and job are good. */
function addSessionLogs(app: FastifyInstance, auth: Authentication, deps: ApiDeps): void {
  const onRequest = [auth.authenticate, auth.permit('install.manage')]
  for (const url of ['/install/logs', '/install/logs/']) {
    app.get(url, { onRequest }, async () => {
      throw createError('SCHEDULER_JOB_ID_MISSING')
    })
  }
  app.register(async (scope) => {
    for (const hook of onRequest) scope.addHook('onRequest', hook)
    scope.addHook('preHandler', async (request) => {
      readQuery(request.query as Readonly<Record<string, unknown>>, [])
      const { id = '' } = request.params as { id?: string }
      await deps.assertJobExists({ caller: callerOf(request), requestId: request.id }, id)
    })
    await scope.register(deps.sessionLogs)
  })
}

/** Uploads of distributions: bytes, taken by a plugin of the distribution service once it is known who publishes. */
function addPublishing(app: FastifyInstance, auth: Authentication, deps: ApiDeps): void {
  app.register(async (scope) => {
    scope.addHook('onRequest', auth.authenticate)
    scope.addHook('onRequest', auth.permit('distribution.publish'))
    scope.addHook('onRequest', async (request) => checkUpload(request))
    await scope.register(deps.publishing(callerOf))
  })
}
