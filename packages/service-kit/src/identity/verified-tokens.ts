// Tokens whose signature was checked, by their exact text: an agent sends the same one with every request, and checking
// ES256 costs more than anything else that a small request needs. Only the signature is remembered. That the token
// has not expired and that its key is still the one it was checked with is looked up each time; revocation, issuer and
// audience are the caller's to check as for any other.
import type { TokenClaims } from '@slipway/contracts'
import type { SigningKey, SigningKeys } from './signing-keys.ts'

export interface VerifiedTokens {
  /** Claims of a token that was verified and is good still; undefined: verify it. Errors: the bus's, if keys are not known. */
  find(token: string): Promise<TokenClaims | undefined>
  /** For tokens that are good in every respect only: strangers must not fill the memory. @param key checked with it */
  remember(token: string, claims: TokenClaims, key: SigningKey): void
}

/** About 4 MB of tokens; beyond that the oldest are verified anew. */
const MOST = 4_096

export function createVerifiedTokens(keys: Pick<SigningKeys, 'find'>): VerifiedTokens {
  const known = new Map<string, { claims: TokenClaims; key: SigningKey }>()
  return {
    async find(token) {
      const entry = known.get(token)
      if (entry === undefined) return undefined
      const isGood =
        Date.now() < entry.claims.exp * 1_000 && (await keys.find(entry.key.kid)) === entry.key.pem
      if (isGood) return entry.claims
      known.delete(token)
      return undefined
    },
    remember(token, claims, key) {
      const [oldest] = known.size >= MOST ? known.keys() : []
      if (oldest !== undefined) known.delete(oldest)
      known.set(token, { claims, key })
    },
  }
}
