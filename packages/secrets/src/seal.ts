import { decrypt, encrypt, type Place, sealedWith } from './cipher.ts'
import type { Keyring } from './keyring.ts'

/** Seals, and cannot open: for those who keep secrets and never need them. */
export interface Sealer {
  /** Encrypts for one place. The same text gives another result each time. */
  seal(plaintext: string, place: Place): string
  /** True if the value is not sealed with the first key (or not sealed at all). */
  needsRekey(sealed: string): boolean
  /**
   * Seals again with the first key; a value that already is comes back as it was. The plaintext does not leave.
   * Errors: SECRETS_MALFORMED, SECRETS_KEY_UNKNOWN, SECRETS_REFUSED.
   */
  rekey(sealed: string, place: Place): string
}

export function createSealer(keyring: Keyring): Sealer {
  const needsRekey = (sealed: string): boolean => sealedWith(sealed) !== keyring.sealingKeyId
  return {
    seal: (plaintext, place) => encrypt(keyring, plaintext, place),
    needsRekey,
    rekey: (sealed, place) =>
      needsRekey(sealed) ? encrypt(keyring, decrypt(keyring, sealed, place), place) : sealed,
  }
}
