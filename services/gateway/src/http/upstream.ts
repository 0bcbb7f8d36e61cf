// The distribution service over HTTP (cluster shape). Nothing is buffered: what a client reads slowly is read slowly.
// The user's credentials go along, and are checked there again (docs/adr/0009).
import replyFrom from '@fastify/reply-from'
import { createError, type ErrorCode, isErrorCode } from '@slipway/contracts'
import type { FastifyInstance } from 'fastify'
import { Agent, type Dispatcher } from 'undici'
import { createCountedConnections } from './counted-connections.ts'
import { type Ask, type SecondTry, withSecondTry } from './second-try.ts'

/** The agent's default of 128 would let slow agents hold up all others. */
const CONNECTIONS = 4_096
const CONNECT_TIMEOUT_MS = 1_500
/**
 * Until it begins to answer. It does so within two seconds by itself, or says why not; but when hundreds of agents come in
 * the same moment, a small machine needs longer to hear all of them (docs/adr/0009).
 */
const HEADERS_TIMEOUT_MS = 10_000
const ERROR_LIMIT_BYTES = 64 * 1024

export type Upstream = Readonly<Record<string, string | string[] | undefined>>

export interface UpstreamOptions {
  /** How long it may take until it begins to answer; 0: as long as it takes. */
  readonly headersTimeoutMs?: number | undefined
  /** Asks another replica where one is silent. Default: it is waited for. */
  readonly secondTry?: SecondTry
}

/** Prepares a scope for `reply.from`. */
export async function installUpstream(
  app: FastifyInstance,
  { headersTimeoutMs = HEADERS_TIMEOUT_MS, secondTry }: UpstreamOptions = {},
): Promise<void> {
  const { connect, bytesFrom } = createCountedConnections({ timeout: CONNECT_TIMEOUT_MS })
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: 0,
    connect,
  })
  app.addHook('onClose', () => agent.destroy())
  const ask: Ask = (options, callback) => agent.request(options, callback)
  const request =
    secondTry === undefined ? ask : withSecondTry({ ask, headersTimeoutMs, bytesFrom }, secondTry)
  await app.register(replyFrom, {
    undici: { request: request as Dispatcher['request'] },
    disableRequestLogging: true,
  })
}

/** The list beginning anywhere: replicas share the work. */
export function turned(urls: readonly string[]): string[] {
  const first = Math.floor(Math.random() * urls.length)
  return [...urls.slice(first), ...urls.slice(0, first)]
}

/** The headers of these names that are there. */
export function pick(headers: Upstream, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = headers[name]
    if (value !== undefined) picked[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return picked
}

/** The error a service answered with, by its code. */
export async function errorOf(stream: NodeJS.ReadableStream): Promise<Error> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.length > ERROR_LIMIT_BYTES) break
  }
  const body: unknown = JSON.parse(text)
  const { code, params } = body as { code?: unknown; params?: unknown }
  const known: ErrorCode = isErrorCode(code) ? code : 'INTERNAL_UNEXPECTED'
  return createError(known, Array.isArray(params) ? params.map(String) : [])
}
