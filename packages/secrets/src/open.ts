// The entry point `@slipway/secrets/open`, apart from the rest so that a rule can say who may import it: the executor,
// for the credentials it logs in with, and auth, for its own signing key. Nobody else.
import { decrypt, type Place } from './cipher.ts'
import type { Keyring } from './keyring.ts'

/** Opens what was sealed for a place. */
export interface Opener {
  /** Errors: SECRETS_MALFORMED, SECRETS_KEY_UNKNOWN, SECRETS_REFUSED. */
  open(sealed: string, place: Place): string
}

export function createOpener(keyring: Keyring): Opener {
  return { open: (sealed, place) => decrypt(keyring, sealed, place) }
}

export type { Place } from './cipher.ts'
