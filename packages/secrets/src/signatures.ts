// Short-lived proofs between replicas that have the same master key, e.g. that a download was allowed. The keys are
// derived for one purpose: what is signed for it means nothing elsewhere, and says nothing about the master key.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { type Keyring, keyOf } from './keyring.ts'

export interface Signatures {
  /** The signature of a text, in base64url; made with the first key. */
  sign(text: string): string
  /** True if one of the keys signed this text. Takes the same time whatever is wrong. */
  verify(text: string, signature: string): boolean
}

const KEY_BYTES = 32

/** Signs and verifies for one purpose, e.g. `executor/session-logs`. */
export function createSignatures(keyring: Keyring, purpose: string): Signatures {
  const keys = keyring.keyIds.map((id) => derive(keyring, id, purpose))
  const mac = (key: Buffer, text: string) => createHmac('sha256', key).update(text, 'utf8').digest()
  return {
    sign: (text) => {
      const [first] = keys
      // A keyring has at least one key.
      if (first === undefined) throw new Error('an empty keyring')
      return mac(first, text).toString('base64url')
    },
    verify(text, signature) {
      const given = Buffer.from(signature, 'base64url')
      const matches = keys.map((key) => {
        const expected = mac(key, text)
        return given.length === expected.length && timingSafeEqual(given, expected)
      })
      return matches.includes(true)
    },
  }
}

function derive(keyring: Keyring, id: string, purpose: string): Buffer {
  const key = keyOf(keyring, id)
  if (key === undefined) throw new Error(`no key ${id}`)
  return Buffer.from(hkdfSync('sha256', key, '', `slipway/signatures/${purpose}`, KEY_BYTES))
}
