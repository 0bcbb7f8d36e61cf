// One line a request, instead of Fastify's two, which hold the whole URL with its query.
import { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Logger } from 'pino'

/** Probes ask every few seconds and would bury everything else. */
const probes = new Set(['/healthz', '/readyz', '/metrics'])

/** Fastify's own words about requests; what it says about errors stays. */
class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' })
  }

  override incomingRequest(): void {
    // One line when it is answered tells everything.
  }

  override routeNotFound(): void {
    // The same: status 404 stands in the line of the answer.
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    // At the usual level there is no such line: a request does not pay for what nobody reads.
    if (!(request.log as Logger).isLevelEnabled('info')) return
    const fields = {
      ...identify(request),
      status: reply.statusCode,
      elapsedMs: Math.round(reply.elapsedTime),
      ...(error ? { err: error } : {}),
    }
    request.log[probes.has(pathOf(request)) ? 'debug' : 'info'](fields, 'request')
  }
}

/** What `createFastify` gives Fastify as its logController. */
export function createRequestLog(): LogController {
  return new RequestLog()
}

/** Requests whose client went away have no answer; they get their line here. */
export function logAbortedRequests(app: FastifyInstance): void {
  app.addHook('onRequestAbort', async (request) => {
    request.log.info(identify(request), 'request aborted by the client')
  })
}

function identify(request: FastifyRequest) {
  return { method: request.method, path: pathOf(request), client: request.ip }
}

/** `/download/link/<token>/…`: whoever has the token may fetch the file. */
const LINK_TOKEN = /^(\/download\/link\/)[^/]+/

/** Without the query: it may hold names that are nobody's business in a log. */
function pathOf(request: FastifyRequest): string {
  const path = request.url.split('?', 1)[0] ?? ''
  return path.replace(LINK_TOKEN, '$1…')
}
