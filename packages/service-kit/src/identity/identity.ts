// Who asks: Basic (token or password) and Bearer, for every HTTP server that users reach: the gateway, and
// distribution, to which an ingress may route directly. Source: REST contract, section 2.
import { isIP } from 'node:net'
import fastifyJwt from '@fastify/jwt'
import { Value } from '@sinclair/typebox/value'
import type { Bus } from '@slipway/bus'
import { authMessages, type Caller, createError, isSlipwayError, TokenClaims } from '@slipway/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseAuthorization } from './authorization-header.ts'
import type { Revocations } from './revocations.ts'
import { keyOfToken, type SigningKey, type SigningKeys } from './signing-keys.ts'
import { createVerifiedTokens, type VerifiedTokens } from './verified-tokens.ts'

export interface IdentityDeps {
  bus: Pick<Bus, 'request'>
  keys: SigningKeys
  revocations: Revocations
  timeoutMs: number
}

/** Tokens that were verified and are remembered, by their digest. */
const VERIFIED_TOKENS = 1_000

/** Who sent a request. */
export interface Identity {
  readonly caller: Caller
  /**
   * Whether that holds still, for answers that take long: false when the token has expired, or its user was changed
   * since, as far as is known.
   */
  readonly holds: () => boolean
}

/** Tells who sent a request. Errors: AUTH_UNAUTHENTICATED, AUTH_THROTTLED, AUTH_STALE_REVOCATIONS, the bus's. */
export type Identify = (request: FastifyRequest) => Promise<Identity>

/** Prepares a scope for authentication: @fastify/jwt with ES256 only, keys by kid. */
export async function installIdentity(app: FastifyInstance, deps: IdentityDeps): Promise<Identify> {
  /** Keys that were asked for, by request. */
  const used = new WeakMap<FastifyRequest, SigningKey>()
  const publicKey = async (request: FastifyRequest, decoded: unknown) => {
    const key = await keyOfToken(deps.keys, decoded)
    used.set(request, key)
    return key.pem
  }
  await app.register(fastifyJwt, {
    secret: { public: publicKey },
    decode: { complete: true },
    verify: {
      // Of a token that comes again the signature is not computed anew, as long as its key is known and its time has
      // not come; whether it is revoked is looked at each time.
      cache: VERIFIED_TOKENS,
      algorithms: ['ES256'],
      requiredClaims: ['sub', 'iat', 'exp', 'jti', 'iss', 'aud'],
      extractToken: (request) => {
        const credentials = parseAuthorization(request.headers.authorization)
        return credentials?.kind === 'token' ? credentials.token : undefined
      },
    },
  })
  const tokenDeps = { ...deps, verified: createVerifiedTokens(deps.keys), used }
  return async (request) => {
    const credentials = parseAuthorization(request.headers.authorization)
    if (credentials === undefined) throw createError('AUTH_UNAUTHENTICATED')
    if (credentials.kind === 'token') return verifyToken(request, credentials.token, tokenDeps)
    return verifyPassword(request, credentials, deps)
  }
}

/** The client's address: the peer's, or what a trusted proxy says; a forwarded header of others is not believed. */
export function addressOf({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip
}

/** What is asked of the auth service for a user and a password. */
export function loginQuestion<
  T extends typeof authMessages.verifyCredentials | typeof authMessages.issueToken,
>(
  rpc: T,
  request: FastifyRequest,
  { username, password }: { username: string; password: string },
  { timeoutMs }: Pick<IdentityDeps, 'timeoutMs'>,
) {
  const address = addressOf(request)
  return [rpc, { username, password, address }, { requestId: request.id, timeoutMs }] as const
}

async function verifyPassword(
  request: FastifyRequest,
  credentials: { username: string; password: string },
  deps: IdentityDeps,
): Promise<Identity> {
  const before = deps.revocations.epochOf(credentials.username)
  const question = loginQuestion(authMessages.verifyCredentials, request, credentials, deps)
  const caller = await deps.bus.request(...question)
  // A password has no epoch: whatever changes its user ends it.
  const holds = () => {
    const epoch = deps.revocations.epochOf(caller.username)
    return epoch === undefined || epoch === before
  }
  return { caller, holds }
}

/** What is needed to verify tokens, beside what everybody needs. */
interface TokenDeps extends IdentityDeps {
  readonly verified: VerifiedTokens
  readonly used: WeakMap<FastifyRequest, SigningKey>
}

async function verifyToken(request: FastifyRequest, token: string, deps: TokenDeps): Promise<Identity> {
  const { keys, revocations, verified, used } = deps
  const known = await verified.find(token)
  const claims = known ?? (await verifiedClaims(request))
  const expected = keys.expectations()
  const isOurs =
    Value.Check(TokenClaims, claims) && claims.iss === expected?.issuer && claims.aud === expected.audience
  if (!isOurs) throw createError('AUTH_UNAUTHENTICATED')
  if (await revocations.isRevoked(claims.sub, claims.epoch)) throw createError('AUTH_UNAUTHENTICATED')
  const key = used.get(request)
  if (known === undefined && key !== undefined) verified.remember(token, claims, key)
  const { sub, privilege, epoch, exp } = claims
  return {
    caller: { username: sub, privilege },
    holds: () => Date.now() < exp * 1_000 && !revocations.isKnownRevoked(sub, epoch),
  }
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
