// Bodies have their time: a client that sends one byte a minute must not hold a connection for ever. Uploads are
// watched by whoever reads them, as a large one may well take longer.
import type { FastifyRequest, RouteOptions } from 'fastify'

const BODY_MS = 120_000

/** Gives every route but uploads (PUT) a time within which its body must have arrived. */
export function limitBodyTime(route: RouteOptions): void {
  if ([route.method].flat().includes('PUT')) return
  route.preParsing = [...[route.preParsing ?? []].flat(), watchBody]
}

async function watchBody({ raw }: FastifyRequest): Promise<void> {
  if (raw.complete) return
  const timer = setTimeout(() => raw.socket.destroy(), BODY_MS).unref()
  for (const event of ['end', 'close']) raw.once(event, () => clearTimeout(timer))
}
