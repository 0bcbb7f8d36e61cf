// Who asks, and may they: one hook for Basic (token or password) and Bearer, before anything of a request is read.
// Order: authentication, permission, validation. Source: REST contract, section 2.
import fastifyBasicAuth from '@fastify/basic-auth'
import {
  authMessages,
  type Caller,
  createError,
  isAllowed,
  isSlipwayError,
  type Permission,
} from '@slipway/contracts'
import { type IdentityDeps, installIdentity, loginQuestion, parseAuthorization } from '@slipway/service-kit'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'

export type AuthDeps = IdentityDeps

export interface Authentication {
  /** Refuses a request whose caller is not known. Errors: AUTH_UNAUTHENTICATED, AUTH_THROTTLED, the bus's. */
  authenticate(request: FastifyRequest): Promise<void>
  /** Whether the credentials of an (authenticated) request are good still, for answers that take long. */
  standing(request: FastifyRequest): () => boolean
  /** Refuses a request whose (authenticated) caller may not do this. Error: AUTH_NOT_AUTHORIZED. */
  permit(permission: Permission): (request: FastifyRequest) => Promise<void>
  /** Asks for an access token with user and password; a token cannot mint its successor. */
  issueToken(request: FastifyRequest, reply: FastifyReply): Promise<string>
}

/** Request fact: who asks. */
const CALLER = 'caller'
/** Request fact: whether that is still so. */
const STANDING = 'standing'

/** Who asks; known after authentication. */
export function callerOf(request: FastifyRequest): Caller {
  return request.getDecorator<Caller>(CALLER)
}

/** Prepares a scope for authentication. */
export async function installAuthentication(app: FastifyInstance, deps: AuthDeps): Promise<Authentication> {
  app.decorateRequest(CALLER, null)
  app.decorateRequest(STANDING, null)
  const identify = await installIdentity(app, deps)
  return {
    async authenticate(request) {
      const { caller, holds } = await identify(request)
      request.setDecorator(CALLER, caller)
      request.setDecorator(STANDING, holds)
    },
    standing: (request) => request.getDecorator<() => boolean>(STANDING),
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
      const question = loginQuestion(authMessages.issueToken, request, credentials, deps)
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
