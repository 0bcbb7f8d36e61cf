// `Expect: 100-continue`: a client that asks before it sends its body is told to go on when authentication and permission
// have passed, just before the body is read. Node by itself would tell it at once, and a refused client would have
// sent everything. Source: RFC 9110, section 10.1.1.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Requests whose client waits for our word. */
const waiting = new WeakSet<IncomingMessage>()

/** Prepares a server; hooks of onRequest run before the client is told to go on. */
export function answerExpectations(app: FastifyInstance): void {
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.add(request)
    app.server.emit('request', request, response)
  })
  app.addHook('onRoute', (route) => {
    // After the route's own hooks, which may refuse the request.
    route.preParsing = [...[route.preParsing ?? []].flat(), goOn]
  })
}

/** True if the client has been waiting since its headers: its body never comes. */
export function isWaitingToSend(request: IncomingMessage): boolean {
  return waiting.has(request)
}

const goOn = async ({ raw }: { raw: IncomingMessage }, reply: { raw: ServerResponse }): Promise<void> => {
  if (!waiting.delete(raw)) return
  reply.raw.writeContinue()
}
