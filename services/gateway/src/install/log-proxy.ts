// Session logs in the cluster: their bytes come from an executor over HTTP. Permission is asked on the bus, whose
// answer is a ticket for this job (docs/adr/0007); the user's credentials never leave the gateway. Executors share
// their logs, so any of them will do: one that is away is passed over.
import replyFrom from '@fastify/reply-from'
import type { Bus } from '@slipway/bus'
import { createError, executorMessages, logTicketHeader } from '@slipway/contracts'
import type { ServiceDeps } from '@slipway/service-kit'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { callerOf } from '../http/auth-hook.ts'
import { errorOf, pick, turned } from '../http/upstream.ts'

export interface LogProxyDeps {
  bus: Pick<Bus, 'request'>
  /** Where executors serve HTTP, e.g. `http://executor:5004`; at least one. */
  executorUrls: readonly string[]
  log: Pick<ServiceDeps<unknown>['log'], 'warn'>
}

/** The agent's default of 128 would let slow downloads hold up all others. */
const CONNECTIONS = 2_048
/** Until an executor begins to answer; the answer itself may take as long as the client takes. */
const HEADERS_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 1_500
/** What of an executor's answer is passed on. */
const passedHeaders = ['content-type', 'content-disposition', 'content-length', 'cache-control']

/** `GET /install/logs/:id`, fetched from an executor. Errors: the executor's, the bus's. */
export function createLogProxy({ bus, executorUrls, log }: LogProxyDeps): FastifyPluginAsync {
  return async (app) => {
    await app.register(replyFrom, {
      undici: {
        connections: CONNECTIONS,
        pipelining: 1,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: 0,
        connect: { timeout: CONNECT_TIMEOUT_MS },
      },
      destroyAgent: true,
      disableCache: true,
      disableRequestLogging: true,
    })
    app.get<{ Params: { id: string } }>('/install/logs/:id', async (request, reply) => {
      const jobId = Number(request.params.id)
      const asker = { caller: callerOf(request), requestId: request.id }
      const { ticket } = await bus.request(executorMessages.openLogs, { jobId }, asker)
      fetchFrom(turned(executorUrls), `/install/logs/${jobId}`, ticket, reply)
      return reply
    })
  }

  function fetchFrom(urls: readonly string[], path: string, ticket: string, reply: FastifyReply): void {
    const [url, ...others] = urls
    if (url === undefined) return void reply.send(createError('BUS_UNAVAILABLE'))
    reply.from(new URL(path, url).href, {
      queryString: () => '',
      // Its own retries would take the Retry-After of a 503 for milliseconds.
      retryDelay: () => null,
      rewriteRequestHeaders: (request) => ({ [logTicketHeader]: ticket, 'x-request-id': request.id }),
      rewriteHeaders: (headers) => pick(headers, passedHeaders),
      onResponse: (_request, _reply, response) => answer(reply, response),
      onError: (_reply, { error }) => {
        log.warn({ err: error, executor: url }, 'an executor does not answer')
        fetchFrom(others, path, ticket, reply)
      },
    })
  }
}

function answer(reply: FastifyReply, response: { statusCode: number; stream: NodeJS.ReadableStream }): void {
  if (response.statusCode === 200) return void reply.send(response.stream)
  errorOf(response.stream).then(
    (error) => reply.send(error),
    (error: unknown) => reply.send(createError('BUS_UNAVAILABLE', [], error)),
  )
}
