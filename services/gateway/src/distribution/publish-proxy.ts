// `PUT /distributions/<directory>/<file>` in the cluster: the body streams to the distribution service over HTTP. Caller,
// permission and name have been checked; the service checks them again with the same credentials.
import { createError } from '@slipway/contracts'
import { addressOf, type ServiceDeps } from '@slipway/service-kit'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { errorOf, installUpstream, pick, turned } from '../http/upstream.ts'
import { apiPrefix } from '../http/url.ts'

export interface PublishProxyDeps {
  urls: readonly string[]
  log: Pick<ServiceDeps<unknown>['log'], 'warn'>
}

const sentHeaders = ['authorization', 'content-length', 'content-encoding']

export function createPublishProxy({ urls, log }: PublishProxyDeps): FastifyPluginAsync {
  return async (app) => {
    // The answer comes when the upload has ended, however long that takes.
    await installUpstream(app, { headersTimeoutMs: 0 })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    app.put<{ Params: { directory: string; file: string } }>(
      '/distributions/:directory/:file',
      async (request, reply) => {
        const { directory, file } = request.params
        const path = [directory, file].map(encodeURIComponent).join('/')
        const [url = ''] = turned(urls)
        // A body cannot be sent twice, so there is no second try.
        reply.from(`${url}${apiPrefix}/distributions/${path}`, {
          retryDelay: () => null,
          rewriteRequestHeaders: ({ headers }) => ({
            ...pick(headers, sentHeaders),
            'content-type': 'application/octet-stream',
            'x-request-id': request.id,
            'x-forwarded-for': addressOf(request),
          }),
          rewriteHeaders: (headers) => pick(headers, ['content-type', 'content-length']),
          onResponse: (_request, _reply, response) => answer(reply, response),
          onError: (_reply, { error }) => {
            log.warn({ err: error, distribution: url }, 'the distribution service does not answer')
            void reply.send(createError('BUS_UNAVAILABLE', [], error))
          },
        })
        return reply
      },
    )
  }
}

function answer(reply: FastifyReply, response: { statusCode: number; stream: NodeJS.ReadableStream }): void {
  if (response.statusCode < 300) return void reply.send(response.stream)
  reply.removeHeader('content-length')
  errorOf(response.stream).then(
    (error) => reply.send(error),
    (error: unknown) => reply.send(createError('BUS_UNAVAILABLE', [], error)),
  )
}
