// The one way in which a process makes its HTTP server. Each setting here answers a trap of Fastify's defaults.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ServerOptions } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Logger } from 'pino'
import { answerExpectations } from './expect-continue.ts'
import { createRequestLog, logAbortedRequests } from './request-log.ts'

export interface CreateFastifyOptions {
  log: Logger
  /** Largest request body in bytes. Default 16 MiB, the limit of the REST contract. */
  bodyLimit?: number
  /** Answers requests that reach no route: an undecodable URL, an over-long parameter. */
  frameworkErrors?: FastifyServerOptions['frameworkErrors']
  /** Takes over the request id of whoever asks; only for servers that nobody but our own services reaches. */
  trustRequestId?: boolean
  /** Sends a request to another path before it is routed, e.g. one whose URL no router can decode. */
  rewriteUrl?: FastifyServerOptions['rewriteUrl']
  /** False lets requests in while the server closes, so that they are answered in the caller's own form. */
  return503OnClosing?: boolean
  /** Answers what is not HTTP, on the raw socket. */
  clientErrorHandler?: FastifyServerOptions['clientErrorHandler']
  /** False lets requests without a Host header in, so that the caller refuses them in its own form. Default true. */
  requireHostHeader?: boolean
  /** Certificate and key in PEM form: serves HTTPS. */
  tls?: { cert: string; key: string }
  /** How long a client may take to send a whole request, in milliseconds; 0 for no limit (uploads of images). */
  requestTimeoutMs?: number
  /**
   * How long the server goes on taking requests after close() was called, in milliseconds; its answers say
   * `Connection: close` meanwhile. Needs return503OnClosing: false.
   */
  drainMs?: number
  /** Addresses and networks of proxies whose X-Forwarded-* headers are believed. Default: none. */
  trustedProxies?: readonly string[]
}

const defaultBodyLimit = 16 * 1024 * 1024
const defaultRequestTimeoutMs = 120_000
/** Longer than usual load balancers keep idle connections (60 s), so that they are the ones to close. */
const keepAliveTimeoutMs = 72_000
/** Names are at most 300 characters of the contract, each up to 12 when percent-encoded UTF-8. */
const maxParamLength = 4_000
/** A request id as createFastify makes it. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A Fastify instance with our settings; routes, hooks, not-found and error handlers are the caller's. */
export function createFastify(options: CreateFastifyOptions): FastifyInstance {
  const { tls, requireHostHeader = true } = options
  const app =
    tls === undefined
      ? Fastify({ ...settings(options), http: { requireHostHeader } })
      : makeHttps(settings(options), { ...tls, requireHostHeader })
  logAbortedRequests(app)
  answerExpectations(app)
  const { drainMs = 0 } = options
  if (drainMs > 0) app.addHook('preClose', () => delay(drainMs))
  return app
}

function settings(options: CreateFastifyOptions) {
  const { trustedProxies = [] } = options
  return {
    loggerInstance: options.log as FastifyBaseLogger,
    logController: createRequestLog(),
    bodyLimit: options.bodyLimit ?? defaultBodyLimit,
    requestTimeout: options.requestTimeoutMs ?? defaultRequestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Idle keep-alive connections would hold up a stop; those with a request in flight may finish.
    forceCloseConnections: 'idle',
    return503OnClosing: options.return503OnClosing ?? true,
    // Ids follow a request into logs and commands: nobody outside chooses them, nor a client's address.
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) =>
      (options.trustRequestId ? givenId(request) : undefined) ?? randomUUID(),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    // The default of 100 counts encoded characters and answers 414 outside of every handler.
    routerOptions: { maxParamLength },
    // The defaults drop unknown keys and turn "1" into 1: we refuse instead.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    ...(options.rewriteUrl === undefined ? {} : { rewriteUrl: options.rewriteUrl }),
    ...(options.frameworkErrors === undefined ? {} : { frameworkErrors: options.frameworkErrors }),
    ...(options.clientErrorHandler === undefined ? {} : { clientErrorHandler: options.clientErrorHandler }),
  } satisfies FastifyServerOptions
}

/** As the gateway sends it: `x-request-id: 0198f0a2-…`; anything else would let strangers write into logs. */
function givenId({ headers }: IncomingMessage): string | undefined {
  const id = headers['x-request-id']
  return typeof id === 'string' && UUID.test(id) ? id : undefined
}

function makeHttps(base: FastifyServerOptions, tls: ServerOptions): FastifyInstance {
  // Plugins see one type of instance, whichever of the two protocols is below.
  return Fastify({ ...base, https: tls } as FastifyServerOptions)
}
