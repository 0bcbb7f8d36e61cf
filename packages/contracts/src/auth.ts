// Messages of the auth service: users, roles, signing keys, revocation.
import { type Static, Type } from '@sinclair/typebox'
import { CallerSchema, defineEvent, defineRpc } from './message.ts'
import { Moment, Nothing, strict, Text } from './shapes.ts'

const LoginRequest = strict({
  username: Type.String({ maxLength: 1_000 }),
  password: Type.String({ maxLength: 1_000 }),
  /** The client's address, for throttling; never a forwarded header unless a proxy is trusted. */
  address: Text,
})

/** A public key with which tokens are verified. */
export const PublicKey = strict({
  kid: Text,
  algorithm: Type.Literal('ES256'),
  /** SPKI in PEM form. */
  pem: Text,
})
export type PublicKey = Static<typeof PublicKey>

/** A user's epoch: tokens that carry a smaller one are revoked. `active` false revokes all of them. */
export const Epoch = strict({
  username: Text,
  epoch: Type.Integer({ minimum: 0 }),
  active: Type.Boolean(),
  changedAt: Moment,
})
export type Epoch = Static<typeof Epoch>

export const authMessages = {
  /** Checks user name and password. Errors: AUTH_UNAUTHENTICATED, AUTH_THROTTLED. */
  verifyCredentials: defineRpc('auth', 'credentials.verify', {
    request: LoginRequest,
    reply: CallerSchema,
    permission: 'internal',
  }),
  /** Checks user name and password and answers an access token of 3600 s. */
  issueToken: defineRpc('auth', 'token.issue', {
    request: LoginRequest,
    reply: strict({ token: Text, expiresAt: Moment }),
    permission: 'internal',
  }),
  /** The keys with which tokens are verified now: the current one first, older ones while they are valid. */
  listKeys: defineRpc('auth', 'key.list', {
    request: Nothing,
    reply: strict({ issuer: Text, audience: Text, keys: Type.Array(PublicKey) }),
    permission: 'internal',
  }),
  /** Users whose epoch or activity changed in the last hour (the lifetime of a token). */
  listEpochs: defineRpc('auth', 'epoch.list', {
    request: Nothing,
    reply: strict({ epochs: Type.Array(Epoch) }),
    permission: 'internal',
  }),
} as const

export const authEvents = {
  /** A user's password, privilege or activity changed. */
  userChanged: defineEvent('auth', 'user.changed', Epoch),
  /** There is a new signing key. */
  keyRotated: defineEvent('auth', 'key.rotated', strict({ kid: Text })),
} as const

/** Issuer and audience of access tokens. */
export const tokenIssuer = 'slipway'
export const tokenAudience = 'slipway-api'
/** Lifetime of an access token in seconds. Source: API guide, overview ("a time limit of an hour"). */
export const tokenLifetimeS = 3_600
/** What an access token claims beside the registered names. */
export const TokenClaims = Type.Object({
  sub: Text,
  iat: Type.Integer(),
  exp: Type.Integer(),
  jti: Text,
  iss: Text,
  aud: Text,
  privilege: CallerSchema.properties.privilege,
  epoch: Type.Integer({ minimum: 0 }),
})
export type TokenClaims = Static<typeof TokenClaims>
