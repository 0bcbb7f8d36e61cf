// `PUT /distributions/<directory>/<file>`: the body is the file, of whatever Content-Type. Source: REST contract, section 7.
import { type Caller, createError, isAllowed } from '@slipway/contracts'
import { addressOf, discardBody, type Identify } from '@slipway/service-kit'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { IndexedFile } from '../files/indexed-file.ts'
import type { Publishing, Upload } from './publish-service.ts'

/** Who asks, once it was found out that they may. */
export type CallerOf = (request: FastifyRequest) => Caller

interface Params {
  Params: { directory: string; file: string }
  Querystring: Readonly<Record<string, unknown>>
}

/** The route for a server that has checked the caller; relative to the prefix of the API. */
export function publishRoutes(publishing: Publishing, callerOf: CallerOf): FastifyPluginAsync {
  return async (app) => {
    // The stream is the body: nothing is parsed, whatever the client says it is.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    app.put<Params>('/distributions/:directory/:file', {
      preParsing: async (request) => publishing.check(uploadOf(request)),
      handler: async (request, reply) => {
        const by = callerOf(request).username
        const { file, replaced } = await publishing.publish({ ...uploadOf(request), by })
        reply.code(replaced ? 200 : 201)
        return { api_response: { status: 'SUCCESS', ...render(file) } }
      },
    })
  }
}

/** The same for a server of our own, which finds out by itself who asks. */
export function identifiedPublishRoutes(
  publishing: Publishing,
  identity: (app: FastifyInstance) => Promise<Identify>,
): FastifyPluginAsync {
  return async (app) => {
    const identify = await identity(app)
    const callers = new WeakMap<FastifyRequest, Caller>()
    app.addHook('onRequest', async (request) => {
      const { caller } = await identify(request)
      if (!isAllowed(caller.privilege, 'distribution.publish')) throw createError('AUTH_NOT_AUTHORIZED')
      callers.set(request, caller)
    })
    // Before a refusal is answered the rest of the body is read, within bounds: a peer that is still sending would
    // otherwise meet a closed connection instead of the answer.
    app.addHook('onError', (request) => discardBody(request.raw))
    await app.register(
      publishRoutes(publishing, (request) => {
        const caller = callers.get(request)
        if (caller === undefined) throw createError('AUTH_UNAUTHENTICATED')
        return caller
      }),
    )
  }
}

function uploadOf(request: FastifyRequest<Params>): Omit<Upload, 'by'> {
  const { directory, file } = request.params
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = request.headers
  const { software, ...unknown } = request.query
  const [key] = Object.keys(unknown)
  if (key !== undefined) throw createError('INPUT_PARAMETER_UNKNOWN', [key])
  if (software !== undefined && software !== 'true' && software !== 'false') {
    throw createError('INPUT_PARAMETER_INVALID', ['software', 'it must be true or false.'])
  }
  if (encoding !== 'identity') {
    throw createError('DISTRIBUTION_REFUSED', [file, 'A Content-Encoding is not supported.'])
  }
  return {
    name: { directory, file },
    stream: request.raw,
    length: length === undefined ? undefined : Number(length),
    software: software === 'true',
    address: addressOf(request),
  }
}

function render({ name, size, sha256, version, publishedAt, publishedBy }: IndexedFile) {
  return {
    ...name,
    size,
    sha256,
    published_time: publishedAt.toUTCString(),
    published_by: publishedBy,
    version,
  }
}
