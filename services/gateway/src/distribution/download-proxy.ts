// `/download` in the cluster: bytes come from the distribution service over HTTP. Who asks is found out here, so that
// failed logins count for the client's own address, and there once more. Links need no credentials.
import {
  createError,
  downloadFailure,
  downloadPrefix,
  isSlipwayError,
  parseDistributionPath,
  type SlipwayError,
} from '@slipway/contracts'
import { addressOf, type IdentityDeps, installIdentity, pathOf, type ServiceDeps } from '@slipway/service-kit'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { failureBody } from '../http/envelope.ts'
import { installUpstream, pick, turned } from '../http/upstream.ts'

export interface DownloadProxyDeps {
  /** Where the distribution service serves HTTP, e.g. `http://distribution:5006`; at least one. */
  urls: readonly string[]
  auth: IdentityDeps
  log: Pick<ServiceDeps<unknown>['log'], 'warn' | 'error'>
  /** How long a replica that has taken a request may be silent; see installUpstream. */
  headersTimeoutMs?: number
  /** After which silence another one is asked as well; see withSecondTry. */
  secondTryAfterMs?: number
}

/**
 * On a machine that is many times overloaded a replica gets no turn for a second; asking again would make that worse.
 * Source: docs/adr/0009, "Time".
 */
const SECOND_TRY_AFTER_MS = 4_000

/** What of a request matters there. */
const sentHeaders = [
  'authorization',
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
]
/** What of an answer is passed on. */
const passedHeaders = [
  'accept-ranges',
  'allow',
  'cache-control',
  'content-disposition',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'repr-digest',
  'retry-after',
  'x-content-type-options',
]

/** The routes, with their own authentication and errors. Register them without a prefix. */
export function createDownloadProxy({
  urls,
  auth,
  log,
  headersTimeoutMs,
  secondTryAfterMs = SECOND_TRY_AFTER_MS,
}: DownloadProxyDeps): FastifyPluginAsync {
  return async (app) => {
    const identify = await installIdentity(app, auth)
    await installUpstream(app, {
      headersTimeoutMs,
      secondTry: {
        origins: urls.map((url) => new URL(url).origin),
        afterMs: secondTryAfterMs,
        // A link that is asked for twice may be used twice.
        mayRepeat: (path) => !path.startsWith(`${downloadPrefix}/link/`),
      },
    })
    app.setErrorHandler((error, _request, reply) => sendFailure(asOurs(error, log), reply))
    for (const url of [downloadPrefix, `${downloadPrefix}/*`]) {
      app.all(url, {
        onRequest: async (request) => {
          const isFetched = request.method === 'GET' || request.method === 'HEAD'
          const byLink = isLink(request) && isFetched
          if (!byLink) await identify(request)
          if (!isFetched) throw createError('ROUTE_METHOD_NOT_ALLOWED')
          // A GET's body means nothing, and is not sent on.
          delete request.headers['content-type']
          if (upstreamPath(request) === undefined) {
            throw createError(byLink ? 'AUTH_UNAUTHENTICATED' : 'ROUTE_NOT_FOUND')
          }
        },
        handler: async (request, reply) => {
          fetchFrom(turned(urls), request, reply)
          return reply
        },
      })
    }
  }

  function fetchFrom(
    [url, ...others]: readonly string[],
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    if (url === undefined) return void sendFailure(createError('BUS_UNAVAILABLE'), reply)
    reply.from(`${url}${upstreamPath(request) ?? downloadPrefix}`, {
      queryString: () => '',
      // Its own retries would take the Retry-After of a 503 for milliseconds.
      retryDelay: () => null,
      rewriteRequestHeaders: ({ headers }) => ({
        ...pick(headers, sentHeaders),
        'x-request-id': request.id,
        'x-forwarded-for': addressOf(request),
      }),
      rewriteHeaders: (headers) => pick(headers, passedHeaders),
      onError: (_reply, { error }) => {
        if (reply.raw.headersSent) return void reply.raw.destroy()
        log.warn({ err: error, distribution: url }, 'the distribution service does not answer')
        // Who was silent has used up the time, and may have counted a use of a link.
        fetchFrom(isSilence(error) ? [] : others, request, reply)
      },
    })
  }
}

/** It took the request and did not begin to answer in time. */
const isSilence = (error: Error) => 'code' in error && silence.has(String(error.code))
const silence = new Set(['UND_ERR_HEADERS_TIMEOUT', 'FST_REPLY_FROM_GATEWAY_TIMEOUT'])

/** `link/<token>/<file>`: for fetching, the token is the credentials. */
const isLink = ({ url }: FastifyRequest) => partsOf(url)[0] === 'link' && partsOf(url).length === 3

/** What stands below the prefix, not decoded. */
const partsOf = (url: string) =>
  pathOf(url)
    .slice(downloadPrefix.length + 1)
    .split('/')

/** The path to ask for, made of names that were checked; undefined if there can be nothing. */
function upstreamPath(request: FastifyRequest): string | undefined {
  const parts = partsOf(request.url)
  const names = parts.length === 2 || isLink(request) ? parseDistributionPath(parts) : undefined
  return names && [downloadPrefix, ...names].join('/')
}

function asOurs(error: unknown, log: DownloadProxyDeps['log']): SlipwayError {
  if (isSlipwayError(error)) return error
  log.error({ err: error }, 'a download failed unexpectedly')
  return createError('INTERNAL_UNEXPECTED', [], error)
}

function sendFailure(error: SlipwayError, reply: FastifyReply): void {
  const { status, message, headers } = downloadFailure(error)
  void reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .type('application/json; charset=utf-8')
    .send(failureBody(message))
}
