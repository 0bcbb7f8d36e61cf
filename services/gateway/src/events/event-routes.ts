// `GET /install/<id>/events`: what happens to a job, as server-sent events. Source: HTML Living Standard, 9.2; REST
// contract, section 8. Written to a plain stream: libraries for it (@fastify/sse, better-sse) have one source for each
// connection, or one broadcast for all; here what a client is told next depends on what he has read.
import { createError, hasCode } from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import type { FastifyPluginAsync } from 'fastify'
import { type Authentication, callerOf } from '../http/auth-hook.ts'
import { readJobId, readQuery } from '../http/query.ts'
import { parseCursor } from './cursor.ts'
import type { EventHub } from './event-hub.ts'
import { openStream } from './event-stream.ts'
import { streamStart } from './event-text.ts'

export interface EventRoutesDeps {
  auth: Authentication
  hub: EventHub
  clock: Pick<Clock, 'monotonicMs'>
}

export function eventRoutes({ auth, hub, clock }: EventRoutesDeps): FastifyPluginAsync {
  return async (app) => {
    const onRequest = [auth.authenticate, auth.permit('install.manage')]
    // Not for HEAD, whose answer would never end.
    const options = { onRequest, exposeHeadRoute: false }
    app.get<{ Params: { id: string } }>('/install/:id/events', options, async (request, reply) => {
      readQuery(request.query as Readonly<Record<string, unknown>>, [])
      const jobId = jobIdOf(request.params.id)
      const cursor = parseCursor(lastEventId(request.headers['last-event-id']))
      const asker = { caller: callerOf(request), requestId: request.id }
      const open = async () => {
        if (!(await hub.hasMore(jobId, cursor, asker))) return undefined
        return openStream(hub, { jobId, cursor, asker, stillGood: auth.standing(request), clock })
      }
      const stream = await open().catch(comeBack)
      // To a client that was told the end, 204 says that it is not to come back.
      if (stream === undefined) return reply.code(204).send()
      return reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no').send(stream)
    })
  }
}

/** While the gateway stops a stream is empty: its client comes back, whereas a 503 would end an EventSource for good. */
function comeBack(error: unknown): string {
  if (hasCode(error, 'GATEWAY_STOPPING')) return streamStart
  throw error
}

/** Error: SCHEDULER_DELETE_JOB_NOT_FOUND, also for what is no number. */
function jobIdOf(given: string): number {
  const id = readJobId(given)
  if (id === undefined || id === 0) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [given])
  return id
}

const lastEventId = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header)
