// The sealed form, all parts in base64url:   s1.<key id>.<initialisation vector>.<ciphertext and tag>
// AES-256-GCM. Version, key id and the place (table, row, field) are associated data: a value copied to another row
// or field, or given another key id, does not open. Random vectors of 96 bits are safe for 2^32 values a key.
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto'
import { secretsError } from './errors.ts'
import { type Keyring, keyOf } from './keyring.ts'

/** Where a sealed value stands. It opens only there. */
export interface Place {
  readonly table: string
  readonly row: string | number
  readonly field: string
}

const VERSION = 's1'
const ALGORITHM = 'aes-256-gcm'
const VECTOR_BYTES = 12
const TAG_BYTES = 16
/** `s1.k2.AAAAAAAAAAAAAAAA.c2VjcmV0…` */
const SEALED = /^s1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,})$/

/** `hosts.password of row 17`, for messages: a place is no secret. */
function nameOf({ table, row, field }: Place): string {
  return `${table}.${field} of row ${row}`
}

/** An encoding in which no two different places look alike. */
function associatedData(keyId: string, { table, row, field }: Place): Buffer {
  return Buffer.from(JSON.stringify([VERSION, keyId, table, String(row), field]), 'utf8')
}

export function encrypt(keyring: Keyring, plaintext: string, place: Place): string {
  const id = keyring.sealingKeyId
  const key = keyOf(keyring, id)
  if (key === undefined) throw secretsError('SECRETS_KEYRING_EMPTY')
  const vector = nextVector()
  const cipher = createCipheriv(ALGORITHM, key, vector)
  cipher.setAAD(associatedData(id, place))
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return [VERSION, id, vector.toString('base64url'), sealed.toString('base64url')].join('.')
}

/** Random bytes for vectors, drawn for many at once: each draw by itself takes longer than the sealing. */
const pool = Buffer.alloc(512 * VECTOR_BYTES)
let used = pool.length

/** A fresh random vector. No byte of the pool is given out twice. */
function nextVector(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += VECTOR_BYTES
  return Buffer.from(pool.subarray(used - VECTOR_BYTES, used))
}

/** Errors: SECRETS_MALFORMED, SECRETS_KEY_UNKNOWN, SECRETS_REFUSED. */
export function decrypt(keyring: Keyring, sealed: string, place: Place): string {
  const [, id = '', vector = '', body = ''] = SEALED.exec(sealed) ?? []
  if (id === '') throw secretsError('SECRETS_MALFORMED', [nameOf(place)])
  const key = keyOf(keyring, id)
  if (key === undefined) throw secretsError('SECRETS_KEY_UNKNOWN', [nameOf(place), id])
  const bytes = Buffer.from(body, 'base64url')
  // base64url has several spellings of one value; only ours is accepted, so a sealed value cannot be altered at all.
  if (bytes.toString('base64url') !== body) throw secretsError('SECRETS_MALFORMED', [nameOf(place)])
  const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(vector, 'base64url'), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(associatedData(id, place))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    throw secretsError('SECRETS_REFUSED', [nameOf(place), id])
  }
}

/** The id of the key that sealed a value; undefined if it is not a sealed value. */
export function sealedWith(sealed: string): string | undefined {
  return SEALED.exec(sealed)?.[1]
}
