// Messages of the auth service: users, roles, signing keys, revocation.
import { type Static, Type } from '@sinclair/typebox'
import { CallerSchema, defineEvent, defineRpc } from './message.ts'
import { type Privilege, privileges } from './permissions.ts'
import { Clearable, Moment, Nothing, oneOf, RowResults, strict, Text } from './shapes.ts'
import { passwordLength } from './user-names.ts'

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

/** A password that somebody chooses. */
const NewPassword = Type.String({ minLength: passwordLength.least, maxLength: 1_000 })
const UserPrivilege = oneOf<readonly Privilege[]>(privileges)

/** A row of POST /users: absent keys keep their value; a new user needs password and privilege. */
export const UserInput = strict({
  username: Type.String({ minLength: 1, maxLength: 1_000 }),
  password: Type.Optional(NewPassword),
  privilege: Type.Optional(UserPrivilege),
  fullname: Clearable(Text),
  email: Clearable(Text),
  active: Type.Optional(Type.Boolean()),
})
export type UserInput = Static<typeof UserInput>

/** A user as others may know him: nothing of his password. */
export const UserRow = strict({
  username: Text,
  privilege: UserPrivilege,
  fullname: Text,
  email: Text,
  active: Type.Boolean(),
  createdBy: Text,
  createdAt: Moment,
})
export type UserRow = Static<typeof UserRow>

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
  /** Users whose epoch or activity changed, or who were deleted, in the last hour (the lifetime of a token). */
  listEpochs: defineRpc('auth', 'epoch.list', {
    request: Nothing,
    reply: strict({ epochs: Type.Array(Epoch) }),
    permission: 'internal',
  }),
  /** Makes and changes users. Errors of rows: ROW_KEY_MISSING, ROW_DUPLICATE, AUTH_LAST_ADMIN; else INPUT_TOO_LARGE. */
  upsertUsers: defineRpc('auth', 'user.upsert', {
    request: strict({ rows: Type.Array(UserInput, { minItems: 1, maxItems: 10_000 }) }),
    reply: RowResults,
    permission: 'user.manage',
    timeoutMs: 60_000,
  }),
  /** All users by name, or the named one. Error: AUTH_USER_NOT_FOUND. */
  listUsers: defineRpc('auth', 'user.list', {
    request: strict({ username: Type.Optional(Text) }),
    reply: strict({ rows: Type.Array(UserRow) }),
    permission: 'user.manage',
  }),
  /** Removes a user. Errors: AUTH_USER_NOT_FOUND, AUTH_LAST_ADMIN. */
  deleteUser: defineRpc('auth', 'user.delete', {
    request: strict({ username: Text }),
    reply: strict({ username: Text }),
    permission: 'user.manage',
  }),
  /** Changes the caller's own password. Errors: AUTH_PASSWORD_WRONG, AUTH_THROTTLED. */
  changeOwnPassword: defineRpc('auth', 'user.change-own-password', {
    request: strict({
      password: LoginRequest.properties.password,
      newPassword: NewPassword,
      address: LoginRequest.properties.address,
    }),
    reply: Nothing,
    // Everybody who may do anything may read.
    permission: 'read',
  }),
} as const

export const authEvents = {
  /** A user's password, privilege or activity changed, or the user was deleted (`active` false). */
  userChanged: defineEvent('auth', 'user.changed', Epoch),
  /** A login failed, or one was right after failures: replicas count together what is throttled. Accounts are hashes. */
  loginCounted: defineEvent(
    'auth',
    'login.counted',
    strict({ replica: Text, account: Text, address: Text, right: Type.Boolean() }),
  ),
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
