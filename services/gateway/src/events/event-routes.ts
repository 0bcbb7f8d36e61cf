// `GET /install/<id>/events`: what happens to a job, as server-sent events. Source: HTML Living Standard, 9.2; REST
// contract, section 8. Written to a plain stream: libraries for it (@fastify/sse, better-sse) have one source for each
// connection, or one broadcast for all; here what a client is told next depends on what he has read.
import { createError } from '@slipway/contracts'
import type { Clock } from '@slipway/service-kit'
import type { FastifyPluginAsync } from 'fastify'
import { type Authentication, callerOf } from '../http/auth-hook.ts'
import { readJobId, readQuery } from '../http/query.ts'
import { parseCursor } from './cursor.ts'
import type { EventHub } from './event-hub.ts'
import { openStream } from './event-stream.ts'

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
      // To a client that was told the end, 204 says that it is not to come back.
      if (!(await hub.hasMore(jobId, cursor, asker))) return reply.code(204).send()
      const stillGood = auth.standing(request)
      const stream = openStream(hub, { jobId, cursor, asker, stillGood, clock })
      return reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no').send(stream)
    })
  }
}

/** Error: SCHEDULER_DELETE_JOB_NOT_FOUND, also for what is no number. */
function jobIdOf(given: string): number {
  const id = readJobId(given)
  if (id === undefined || id === 0) throw createError('SCHEDULER_DELETE_JOB_NOT_FOUND', [given])
  return id
}

const lastEventId = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header)
