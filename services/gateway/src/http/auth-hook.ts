// Who asks, and may they: one hook for Basic (token or password) and Bearer, before anything of a request is read.
// Order: authentication, permission, validation. Source: REST contract, section 2.
import { isIP } from 'node:net'
import fastifyBasicAuth from '@fastify/basic-auth'
import fastifyJwt from '@fastify/jwt'
import { Value } from '@sinclair/typebox/value'
import type { Bus } from '@slipway/bus'
import {
  authMessages,
  type Caller,
  createError,
  isAllowed,
  isSlipwayError,
  type Permission,
  TokenClaims,
} from '@slipway/contracts'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { parseAuthorization } from './authorization-header.ts'
import type { Revocations } from './revocations.ts'
import { keyOfToken, type SigningKeys } from './signing-keys.ts'

export interface AuthDeps {
  bus: Pick<Bus, 'request'>
  keys: SigningKeys
  revocations: Revocations
  timeoutMs: number
}

export interface Authentication {
  /** Refuses a request whose caller is not known. Errors: AUTH_UNAUTHENTICATED, AUTH_THROTTLED, the bus's. */
  authenticate(request: FastifyRequest): Promise<void>
  /** Refuses a request whose (authenticated) caller may not do this. Error: AUTH_NOT_AUTHORIZED. */
  permit(permission: Permission): (request: FastifyRequest) => Promise<void>
  /** Asks for an access token with user and password; a token cannot mint its successor. */
  issueToken(request: FastifyRequest, reply: FastifyReply): Promise<string>
}

/** Request fact: who asks. */
const CALLER = 'caller'

/** Who asks; known after authentication. */
export function callerOf(request: FastifyRequest): Caller {
  return request.getDecorator<Caller>(CALLER)
}

/** The client's address: the peer's, or what a trusted proxy says; a forwarded header of others is not believed. */
export function addressOf({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip
}

/** Prepares a scope for authentication: @fastify/jwt with ES256 only, keys by kid. */
export async function installAuthentication(app: FastifyInstance, deps: AuthDeps): Promise<Authentication> {
  app.decorateRequest(CALLER, null)
  await app.register(fastifyJwt, {
    secret: { public: (_request: FastifyRequest, decoded: unknown) => keyOfToken(deps.keys, decoded) },
    decode: { complete: true },
    verify: {
      algorithms: ['ES256'],
      requiredClaims: ['sub', 'iat', 'exp', 'jti', 'iss', 'aud'],
      extractToken: (request) => {
        const credentials = parseAuthorization(request.headers.authorization)
        return credentials?.kind === 'token' ? credentials.token : undefined
      },
    },
  })
  return {
    async authenticate(request) {
      request.setDecorator(CALLER, await identify(request, deps))
    },
    permit: (permission) => async (request) => {
      if (!isAllowed(callerOf(request).privilege, permission)) throw createError('AUTH_NOT_AUTHORIZED')
    },
    issueToken: await installTokens(app, deps),
  }
}

/** User and password for a token, by @fastify/basic-auth; what it refuses is refused in our words. */
async function installTokens(app: FastifyInstance, deps: AuthDeps): Promise<Authentication['issueToken']> {
  const tokens = new WeakMap<FastifyRequest, string>()
  await app.register(fastifyBasicAuth, {
    validate: async (_username, _password, request) => {
      // Read once more by our own rules: Latin-1 passwords, and a token, which cannot mint its successor.
      const credentials = parseAuthorization(request.headers.authorization)
      if (credentials?.kind !== 'password') throw createError('AUTH_UNAUTHENTICATED')
      const question = login(authMessages.issueToken, request, credentials, deps)
      tokens.set(request, (await deps.bus.request(...question)).token)
    },
  })
  return (request, reply) =>
    new Promise((resolve, reject) => {
      const basicAuth: onRequestHookHandler = app.basicAuth
      basicAuth.call(app, request, reply, (error) => {
        const token = tokens.get(request)
        if (error === undefined && token !== undefined) resolve(token)
        else reject(isSlipwayError(error) ? error : createError('AUTH_UNAUTHENTICATED'))
      })
    })
}

async function identify(request: FastifyRequest, deps: AuthDeps): Promise<Caller> {
  const credentials = parseAuthorization(request.headers.authorization)
  if (credentials === undefined) throw createError('AUTH_UNAUTHENTICATED')
  if (credentials.kind === 'token') return verifyToken(request, deps)
  return deps.bus.request(...login(authMessages.verifyCredentials, request, credentials, deps))
}

function login<T extends typeof authMessages.verifyCredentials | typeof authMessages.issueToken>(
  rpc: T,
  request: FastifyRequest,
  { username, password }: { username: string; password: string },
  { timeoutMs }: AuthDeps,
) {
  const address = addressOf(request)
  return [rpc, { username, password, address }, { requestId: request.id, timeoutMs }] as const
}

async function verifyToken(request: FastifyRequest, { keys, revocations }: AuthDeps): Promise<Caller> {
  const claims = await verifiedClaims(request)
  const expected = keys.expectations()
  const isOurs =
    Value.Check(TokenClaims, claims) && claims.iss === expected?.issuer && claims.aud === expected.audience
  if (!isOurs) throw createError('AUTH_UNAUTHENTICATED')
  if (await revocations.isRevoked(claims.sub, claims.epoch)) throw createError('AUTH_UNAUTHENTICATED')
  return { username: claims.sub, privilege: claims.privilege }
}

/** Claims of a token whose signature and times are right. Why one is not is nobody's business outside. */
async function verifiedClaims(request: FastifyRequest): Promise<unknown> {
  try {
    return await request.jwtVerify()
  } catch (error) {
    if (isSlipwayError(error) && error.kind !== 'Unauthenticated') throw error
    throw createError('AUTH_UNAUTHENTICATED')
  }
}
