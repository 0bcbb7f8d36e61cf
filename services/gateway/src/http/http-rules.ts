// What HTTP itself asks of requests, answered in our envelope where Node would answer by itself, without a body.
import { createError } from '@slipway/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Installs the rules; the server must have been made with `requireHostHeader: false`. */
export function installHttpRules(app: FastifyInstance): void {
  app.addHook('onRequest', refuseWithoutHost)
  // An Expect other than 100-continue: Node's answer would be an empty 417. Nothing we know can be expected of us.
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response)
  })
}

/** HTTP/1.1 wants exactly one Host header (RFC 9112, 3.2); HTTP/1.0 knows none. Error: INPUT_HOST_HEADER. */
async function refuseWithoutHost({ raw }: FastifyRequest): Promise<void> {
  if (raw.httpVersion === '1.0') return
  const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length !== 1) throw createError('INPUT_HOST_HEADER')
}
