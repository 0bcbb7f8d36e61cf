// Public keys of access tokens, as the auth service lists them: kept, read anew when an unknown kid turns up (at a
// bounded rate, as anybody can invent kids), when a key was rotated, and now and then so that retired keys go.
import type { Bus } from '@slipway/bus'
import { authEvents, authMessages, createError, type ReplyOf } from '@slipway/contracts'
import type { Clock } from '../clock.ts'

export interface SigningKeys {
  /** The key (PEM) of a kid; undefined if there is none. Errors: the bus's, if it cannot be told. */
  find(kid: string): Promise<string | undefined>
  /** Who must have issued a token, and for whom. Known as soon as a key was found. */
  expectations(): { issuer: string; audience: string } | undefined
  stop(): Promise<void>
}

export interface SigningKeysDeps {
  bus: Pick<Bus, 'request' | 'subscribe'>
  clock: Pick<Clock, 'monotonicMs'>
  timeoutMs: number
}

/** Reads for unknown kids, at most one in this time. */
const UNKNOWN_KID_INTERVAL_MS = 5_000
/** After this time keys are read anew in the background. */
const REFRESH_AFTER_MS = 60_000
/** Keys older than this are not trusted: the auth service may have retired them. */
const TRUST_MS = 600_000

type KeyList = ReplyOf<typeof authMessages.listKeys>

export function createSigningKeys({ bus, clock, timeoutMs }: SigningKeysDeps): SigningKeys {
  let list: KeyList | undefined
  let readAtMs = 0
  let askedAtMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  const rotated = bus.subscribe(authEvents.keyRotated, () => {
    askedAtMs = Number.NEGATIVE_INFINITY
  })

  async function read(): Promise<void> {
    askedAtMs = clock.monotonicMs()
    const sentAtMs = askedAtMs
    list = await bus.request(authMessages.listKeys, {}, { timeoutMs })
    readAtMs = sentAtMs
  }
  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
  const pemOf = (kid: string) => list?.keys.find((key) => key.kid === kid)?.pem

  async function find(kid: string): Promise<string | undefined> {
    const ageMs = clock.monotonicMs() - readAtMs
    if (list === undefined || ageMs > TRUST_MS) {
      await refresh()
      return pemOf(kid)
    }
    const known = pemOf(kid)
    const mayAsk = clock.monotonicMs() - askedAtMs >= UNKNOWN_KID_INTERVAL_MS
    if (known === undefined && (mayAsk || reading !== undefined)) await refresh()
    // A failure shows when the trust ends; until then the keys at hand are good.
    else if (ageMs > REFRESH_AFTER_MS && mayAsk) refresh().catch(() => undefined)
    return pemOf(kid)
  }

  return {
    find,
    expectations: () => list,
    stop: () => rotated.drain(),
  }
}

/** A public key and its name. */
export interface SigningKey {
  readonly kid: string
  readonly pem: string
}

/** The key of a decoded token's header, for verification. Errors: AUTH_UNAUTHENTICATED, the bus's. */
export async function keyOfToken(keys: SigningKeys, decoded: unknown): Promise<SigningKey> {
  const kid = kidOf(decoded)
  const pem = kid === undefined ? undefined : await keys.find(kid)
  if (kid === undefined || pem === undefined) throw createError('AUTH_UNAUTHENTICATED')
  return { kid, pem }
}

function kidOf(decoded: unknown): string | undefined {
  if (typeof decoded !== 'object' || decoded === null || !('header' in decoded)) return undefined
  const { header } = decoded
  if (typeof header !== 'object' || header === null || !('kid' in header)) return undefined
  return typeof header.kid === 'string' ? header.kid : undefined
}
