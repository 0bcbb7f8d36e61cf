// `GET /download/<directory>/<file>` and HEAD, and the same below a link. Source: distribution guide, "Get distribution
// (File download)"; REST contract, section 7. Everything is decided before a body is read; every answer but the
// file is the envelope, and none tells of paths.
import { createError, downloadFailure, downloadPrefix, isSlipwayError } from '@slipway/contracts'
import type { Identify } from '@slipway/service-kit'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { FileIndex } from '../files/index-service.ts'
import type { OpenServed } from '../files/opening.ts'
import { createSharedOpening } from '../files/shared-opening.ts'
import type { Links } from '../links/link-service.ts'
import { sendEnvelope } from './envelope.ts'
import { permitOf } from './permit.ts'
import { type ServeDeps, serve } from './serve.ts'

export interface DownloadDeps extends ServeDeps {
  /** Prepares a scope for authentication. */
  readonly identity: (app: Parameters<FastifyPluginAsync>[0]) => Promise<Identify>
  readonly index: FileIndex
  readonly links: Links
}

interface Answering extends DownloadDeps {
  readonly identify: Identify
  readonly open: OpenServed
}

/** The routes, with their own authentication and errors. Register them without a prefix. */
export function downloadRoutes(deps: DownloadDeps): FastifyPluginAsync {
  return async (app) => {
    const identify = await deps.identity(app)
    const answering = { ...deps, identify, open: createSharedOpening(deps.index.open) }
    app.setErrorHandler((error, request, reply) => sendFailure(error, request, reply))
    for (const url of [downloadPrefix, `${downloadPrefix}/*`]) {
      app.all(url, {
        onRequest: async (request, reply) => {
          await answer(answering, request, reply)
          return reply
        },
        handler: async () => undefined,
      })
    }
  }
}

async function answer(deps: Answering, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const permit = await permitOf(request, deps.identify, deps.links)
  const served = await deps.open(permit.name, permit.byLink)
  if (served === undefined) throw createError('ROUTE_NOT_FOUND')
  try {
    await serve(deps, request, reply, served, permit)
  } finally {
    served.file.close()
  }
}

/** Answers an error in the guide's words. */
function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = isSlipwayError(error) ? error : createError('INTERNAL_UNEXPECTED', [], error)
  const { status, message, headers } = downloadFailure(known)
  if (status === 500) request.log.error({ err: error }, 'a download failed unexpectedly')
  if (reply.raw.headersSent) return void reply.raw.destroy()
  sendEnvelope(reply, status, message, headers)
}
