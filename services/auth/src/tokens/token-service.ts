import { randomUUID } from 'node:crypto'
import { type TokenClaims, tokenAudience, tokenIssuer, tokenLifetimeS } from '@slipway/contracts'
import { createSigner } from 'fast-jwt'
import type { CurrentKey } from '../keys/key-service.ts'
import type { User } from '../users/user.ts'

export interface TokenServiceDeps {
  readonly currentKey: () => Promise<CurrentKey>
  readonly now: () => Date
}

export interface IssuedToken {
  readonly token: string
  readonly expiresAt: Date
}

export interface TokenService {
  /** A token of 3600 s for a user who has just been verified. */
  issue(user: User): Promise<IssuedToken>
}

export function createTokenService({ currentKey, now }: TokenServiceDeps): TokenService {
  return {
    async issue(user) {
      const { kid, privatePem } = await currentKey()
      const claims = claimsOf(user, now())
      const sign = createSigner<TokenClaims>({ algorithm: 'ES256', key: privatePem, kid })
      return { token: sign(claims), expiresAt: new Date(claims.exp * 1_000) }
    },
  }
}

function claimsOf({ username, privilege, epoch }: User, now: Date): TokenClaims {
  const iat = Math.floor(now.getTime() / 1_000)
  return {
    sub: username,
    iat,
    exp: iat + tokenLifetimeS,
    jti: randomUUID(),
    iss: tokenIssuer,
    aud: tokenAudience,
    privilege,
    epoch,
  }
}
