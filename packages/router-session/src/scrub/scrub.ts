// Masks secrets in text: passwords inside transfer URLs, whatever they are, and known secret strings.
// A terminal may break a long line anywhere, so a known secret is found across line ends, too.

/** What stands in place of a secret. */
export const MASK = '***'

/** Password of a transfer URL: `sftp://user:SECRET@host`; it may itself hold `@` or `/`, so up to the word's last `@`. */
const URL_SECRET = /(s?ftp|scp|tftp|https?):\/\/([^\s:/@]{0,256}):\S{0,1024}@/gi

/** Token of a one-time link of Slipway's store, `/download/link/<43 characters>`: routers repeat it in install logs. */
const LINK_TOKEN = /(\/download\/link\/)[A-Za-z0-9_-]{43}/g

/** What a terminal may put between two characters of a wrapped word: line ends, erasing, cursor moves. */
export const WRAP = '(?:[\\r\\n\\x08\\x00]|(?<=[^\\r\\n]) (?=[\\r\\n])|\\x1b\\[[0-9;?]*[A-Za-z])*'

/** Below this length a secret is masked only as a word of its own: `lab` must not blacken `label`. */
const FREE_MATCH_LENGTH = 4

/** Masks what it knows in a text. */
export type Scrub = (text: string) => string

/** Masks the passwords of `ftp://user:SECRET@`, `sftp://…` and `scp://…` forms, and tokens of one-time links. */
export function scrub(text: string): string {
  if (!text.includes('/')) return text
  const masked = text.replace(LINK_TOKEN, `$1${MASK}`)
  if (!masked.includes('://')) return masked
  return masked.replace(URL_SECRET, (_all, scheme: string, user: string) => `${scheme}://${user}:${MASK}@`)
}

/** A masker for URL passwords and these exact strings, also in their percent-encoded form. */
export function createScrub(secrets: readonly string[]): Scrub {
  const pattern = secretPattern(secrets)
  return (text) => scrub(pattern === undefined ? text : text.replace(pattern, MASK))
}

/** Every spelling of the secrets, longest first so that a secret inside another one cannot leave a rest. */
export function spellings(secrets: readonly string[]): string[] {
  const all = secrets.flatMap((secret) => [secret, percentEncoded(secret)])
  return [...new Set(all)].filter((text) => text !== '').sort((a, b) => b.length - a.length)
}

/** A lone surrogate has no encoding and is left out. */
function percentEncoded(secret: string): string {
  return encodeURIComponent(secret.replace(/\p{Surrogate}/gu, ''))
}

/** Matches any of the secrets, wrapped or not, in any spelling; undefined when there are none. */
export function secretPattern(secrets: readonly string[]): RegExp | undefined {
  const all = spellings(secrets)
  return all.length === 0 ? undefined : new RegExp(all.map(onePattern).join('|'), 'g')
}

function onePattern(secret: string): string {
  const body = [...secret].map(escapeRegExp).join(WRAP)
  return secret.length < FREE_MATCH_LENGTH ? `(?<!\\w)${body}(?!\\w)` : body
}

/** A literal text as part of a regular expression. */
export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
