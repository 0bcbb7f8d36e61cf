// A route of the API as data: path, who may, which parameters, and what answers it. Nothing below knows Fastify.
import { type Caller, createError, type Permission } from '@slipway/contracts'
import { addressOf, hasBody } from '@slipway/service-kit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { turnForOthers } from '../rows/in-turns.ts'
import type { JsonRow } from '../rows/json-row.ts'
import { type Authentication, callerOf } from './auth-hook.ts'
import type { ApiAnswer } from './envelope.ts'
import { readIdempotencyKey } from './idempotency-key.ts'
import { rowsOf } from './json-body.ts'
import { type Query, readPath, readQuery } from './query.ts'

/** A request as routes see it: authenticated, permitted, its parameters checked. */
export interface ApiCall {
  readonly caller: Caller
  readonly requestId: string
  /** The client's address, for throttling. */
  readonly address: string
  /** The Idempotency-Key of a route that knows it. */
  readonly idempotencyKey?: string
  /** Decoded parameters of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  /** Rows of the body; empty for routes without one. */
  readonly rows: readonly JsonRow[]
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below /api/v1; `:name` stands for a segment. */
  readonly path: string
  readonly permission: Permission
  /** Parameters it knows; any other is refused. */
  readonly query?: readonly string[]
  /** Parameters that are not looked at beyond their names, given the names of those present. */
  readonly unread?: (present: ReadonlySet<string>) => (name: string) => boolean
  /** True for routes whose body is a list of rows, 'optional' where there may be none; any other body is ignored. */
  readonly rows?: boolean | 'optional'
  /** True for routes that answer a repeated request with an Idempotency-Key as they did the first time. */
  readonly repeatable?: boolean
  handle(call: ApiCall): Promise<ApiAnswer>
}

/** Registers a route: authentication, permission, content type, body, parameters, then its answer. */
export function addApiRoute(app: FastifyInstance, auth: Authentication, route: ApiRoute): void {
  app.route({
    method: route.method,
    url: route.path,
    onRequest: [auth.authenticate, auth.permit(route.permission)],
    preParsing: async (request) => {
      if (readsRows(route, request)) assertJsonBody(request)
      // The guide's clients set a Content-Type on every request: without a body it means nothing.
      else delete request.headers['content-type']
    },
    handler: async (request, reply) => {
      const call = toCall(route, request)
      // A large body was parsed in this very turn.
      await turnForOthers(call.rows)
      const { status, body } = await route.handle(call)
      // Bytes are JSON that was written before.
      if (Buffer.isBuffer(body)) reply.type('application/json; charset=utf-8')
      return reply.code(status).send(body)
    },
  })
}

function toCall(route: ApiRoute, request: FastifyRequest): ApiCall {
  const raw = request.query as Readonly<Record<string, unknown>>
  const unread = route.unread?.(new Set(Object.keys(raw)))
  const query = readQuery(raw, route.query ?? [], unread)
  const idempotencyKey = route.repeatable === true ? readIdempotencyKey(request.headers) : undefined
  return {
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    caller: callerOf(request),
    requestId: request.id,
    address: addressOf(request),
    params: readPath(request.params as Readonly<Record<string, string>>),
    query,
    rows: readsRows(route, request) ? rowsOf(request.body) : [],
  }
}

function readsRows({ rows }: ApiRoute, { raw }: FastifyRequest): boolean {
  return rows === true || (rows === 'optional' && hasBody(raw))
}

/** Refuses what cannot be a JSON body before any of it is read. Errors: INPUT_… */
function assertJsonBody({ raw }: FastifyRequest): void {
  const { headers } = raw
  if (!hasBody(raw)) throw createError('INPUT_EMPTY_BODY')
  if (mediaTypeOf(headers['content-type']) !== 'application/json') throw createError('INPUT_CONTENT_TYPE')
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw createError('INPUT_MALFORMED_JSON', ['a Content-Encoding is not supported.'])
  }
  // Parameters such as charset are allowed and mean nothing: JSON is UTF-8.
  headers['content-type'] = 'application/json'
}

function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}
