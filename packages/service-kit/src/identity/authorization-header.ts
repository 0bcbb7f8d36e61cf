// Reads the Authorization header: `Basic <user:password>`, `Basic <token:anything>`, `Bearer <token>`.
// Source: API guide, overview; REST contract, section 2; RFC 7617.

/** What a client presents. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }

/** `Basic dXNlcjpwYXNz`: scheme in any case, then base64. */
const BASIC = /^basic +([A-Za-z0-9+/_~.-]+={0,2}) *$/i
/** `Bearer eyJ…`: RFC 6750. */
const BEARER = /^bearer +([A-Za-z0-9+/_~.-]+=*) *$/i
/** A JWT: its header is base64url of `{"…`, which always begins with eyJ. Sample: eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJyb290In0.c2ln */
const JWT = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/
/** What the auth service takes at most (contract of auth.credentials.verify). */
const MAX_LENGTH = 1_000

/** The credentials of a header, or undefined if there are none that could be right. */
export function parseAuthorization(header: string | undefined): Credentials | undefined {
  if (header === undefined) return undefined
  const bearer = BEARER.exec(header)?.[1]
  if (bearer !== undefined) return { kind: 'token', token: bearer }
  const basic = BASIC.exec(header)?.[1]
  return basic === undefined ? undefined : parseUserPassword(decodeText(Buffer.from(basic, 'base64')))
}

function parseUserPassword(pair: string): Credentials | undefined {
  const colon = pair.indexOf(':')
  if (colon < 1 || CONTROL_CHARACTER.test(pair)) return undefined
  const username = pair.slice(0, colon)
  const password = pair.slice(colon + 1)
  // Never sent on as a password login: it would cost a slow hash and count as a failed login of a strange user.
  if (JWT.test(username)) return { kind: 'token', token: username }
  if (username.length > MAX_LENGTH || password.length > MAX_LENGTH) return undefined
  return { kind: 'password', username, password }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 as curl sends it, else Latin-1 as Python's requests does for the same text. */
function decodeText(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
