// The header by which a client says that a request may be one it sent before. Source: REST contract, section 5;
// draft-ietf-httpapi-idempotency-key-header.
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createError } from '@slipway/contracts'
import type { JsonRow } from '../rows/json-row.ts'

/** Visible ASCII, quotes included. Two headers arrive joined by `, `, whose blank is refused. Sample: `8e03978e-40d5` */
const KEY = /^[\x21-\x7e]{1,255}$/

/** The key of a request, if it has one. Error: INPUT_HEADER_INVALID. */
export function readIdempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw createError('INPUT_HEADER_INVALID', [
      'Idempotency-Key',
      'it must be 1 to 255 visible ASCII characters without blanks.',
    ])
  }
  return key
}

/** A digest of what a body says; the order of an object's keys says nothing. */
export function fingerprintOf(rows: readonly JsonRow[]): string {
  const hash = createHash('sha256')
  for (const row of rows) {
    const members = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
    hash.update(JSON.stringify(members)).update('\n')
  }
  return hash.digest('base64url')
}
