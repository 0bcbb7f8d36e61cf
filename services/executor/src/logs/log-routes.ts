// The bytes of session logs, over HTTP because files never travel the bus. The gateway mounts this behind its
// authentication and has checked that the job exists.
import { createError, logTicketHeader } from '@slipway/contracts'
import type { FastifyPluginAsync } from 'fastify'
import { archiveLogs } from './log-archive.ts'
import type { LogStore } from './log-store.ts'
import type { LogTickets } from './log-tickets.ts'

/** `GET /install/logs/:id`: the zip of a job's session logs. Error: EXECUTOR_LOG_NOT_FOUND. */
export function createLogRoutes(store: LogStore): FastifyPluginAsync {
  return async (app) => {
    app.get<{ Params: { id: string } }>('/install/logs/:id', async (request, reply) => {
      const { id } = request.params
      const jobId = /^\d{1,10}$/.test(id) ? Number(id) : undefined
      const archive = jobId === undefined ? undefined : await archiveLogs(store, jobId)
      if (archive === undefined) throw createError('EXECUTOR_LOG_NOT_FOUND', [id])
      reply.raw.on('close', () => archive.destroy())
      return reply
        .type('application/zip')
        .header('content-disposition', 'attachment; filename="session_logs.zip"')
        .header('cache-control', 'no-store')
        .send(archive)
    })
  }
}

/** The routes for an executor's own HTTP server, which knows no callers: only with a ticket for this job. */
export function withTickets(routes: FastifyPluginAsync, tickets: LogTickets): FastifyPluginAsync {
  return async (app) => {
    app.addHook('onRequest', async ({ params, headers }) => {
      const { id = '' } = params as { id?: string }
      const ticket = headers[logTicketHeader]
      if (typeof ticket !== 'string' || !tickets.isValid(Number(id), ticket)) {
        throw createError('AUTH_NOT_AUTHORIZED')
      }
    })
    await app.register(routes)
  }
}
