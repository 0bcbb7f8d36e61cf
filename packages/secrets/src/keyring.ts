// The keys of `SLIPWAY_MASTER_KEY=k2:<base64>,k1:<base64>`: the first seals, all open. To change the key put a new one
// in front, re-seal (`npm run rekey`), then take the old one away.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { secretsError } from './errors.ts'

const KEY_BYTES = 32
/** `k2:w2r…=`: id and base64 (also base64url) of a key */
const KEY_ENTRY = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]+={0,2})$/

/** Keys that cannot be read out: neither by JSON nor by a log. */
export interface Keyring {
  /** The key that seals. */
  readonly sealingKeyId: string
  /** All keys, the sealing one first. */
  readonly keyIds: readonly string[]
}

/** The keys stand apart from the object that is passed around, so that printing it shows only ids. */
const keysOf = new WeakMap<Keyring, ReadonlyMap<string, KeyObject>>()

/** Reads keys. Errors: SECRETS_KEYRING_EMPTY, SECRETS_KEY_MALFORMED, SECRETS_KEY_LENGTH, SECRETS_KEY_DUPLICATE. */
export function createKeyring(text: string): Keyring {
  const entries = text.split(',').map((entry) => entry.trim())
  const keys = new Map<string, KeyObject>()
  for (const [index, entry] of entries.entries()) {
    if (entry === '') continue
    const [id, key] = parseKey(entry, index + 1)
    if (keys.has(id)) throw secretsError('SECRETS_KEY_DUPLICATE', [id])
    keys.set(id, key)
  }
  const [sealingKeyId] = keys.keys()
  if (sealingKeyId === undefined) throw secretsError('SECRETS_KEYRING_EMPTY')
  const keyring = Object.freeze({ sealingKeyId, keyIds: Object.freeze([...keys.keys()]) })
  keysOf.set(keyring, keys)
  return keyring
}

function parseKey(entry: string, position: number): [string, KeyObject] {
  const [, id, encoded] = KEY_ENTRY.exec(entry) ?? []
  if (id === undefined || encoded === undefined) throw secretsError('SECRETS_KEY_MALFORMED', [position])
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== KEY_BYTES) throw secretsError('SECRETS_KEY_LENGTH', [id, bytes.length])
  return [id, createSecretKey(bytes)]
}

/** A key by its id. Only for the cipher; not exported from the package. */
export function keyOf(keyring: Keyring, id: string): KeyObject | undefined {
  return keysOf.get(keyring)?.get(id)
}
