// /healthz says that the process runs (restart it if not), /readyz that it can work (send it nothing if not).
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Metrics } from './metrics.ts'

/** A question about a service's state. A rejection or no answer in time counts as no. */
export type Check = () => boolean | Promise<boolean>

export interface HealthOptions {
  /** The process: a service's name, or `standalone`. */
  name: string
  /** False only when a restart would help. Asks nothing of databases or peers: their trouble is not ours. */
  live: Check
  /** By service, so that a reader sees who is not ready. */
  ready: Readonly<Record<string, Check>>
  metrics: Metrics
  /** How long a check may take, in milliseconds. */
  checkTimeoutMs?: number
}

const defaultCheckTimeoutMs = 2_000
const IPV4_LOOPBACK = /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/

/** The three routes that every process serves. Register it without a prefix, outside of authentication. */
export function healthRoutes(options: HealthOptions): FastifyPluginAsync {
  const { name, live, ready, metrics, checkTimeoutMs = defaultCheckTimeoutMs } = options
  return async (app) => {
    app.get('/healthz', async (_request, reply) => {
      const isLive = await answers(live, checkTimeoutMs)
      return answer(reply, isLive, { name, status: isLive ? 'live' : 'not live' })
    })
    app.get('/readyz', async (_request, reply) => {
      const services = await checkAll(ready, checkTimeoutMs)
      const isReady = Object.values(services).every((state) => state === 'ready')
      return answer(reply, isReady, { name, status: isReady ? 'ready' : 'not ready', services })
    })
    app.get('/metrics', async (request, reply) => {
      if (!isLoopback(request)) return reply.callNotFound()
      return reply.type(metrics.contentType).send(await metrics.metrics())
    })
  }
}

/** By the peer's address, never by a header: metrics tell about users and routers and carry no credentials. */
function isLoopback({ socket }: FastifyRequest): boolean {
  const address = socket.remoteAddress ?? ''
  return address === '::1' || IPV4_LOOPBACK.test(address)
}

function answer(reply: FastifyReply, good: boolean, body: object): FastifyReply {
  return reply
    .code(good ? 200 : 503)
    .header('cache-control', 'no-store')
    .send(body)
}

async function checkAll(checks: HealthOptions['ready'], timeoutMs: number): Promise<Record<string, string>> {
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const isReady = await answers(check, timeoutMs)
      return [name, isReady ? 'ready' : 'not ready'] as const
    }),
  )
  return Object.fromEntries(states)
}

async function answers(check: Check, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false)
  })
  try {
    return await Promise.race([(async () => check())(), late])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
