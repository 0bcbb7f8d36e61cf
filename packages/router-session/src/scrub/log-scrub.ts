// Masks secrets in a stream: a secret may be split over chunks and over the lines of a wrapped echo, so
// whatever could still become one is held back until more bytes tell.
import { createScrub, escapeRegExp, type Scrub, secretPattern, spellings, WRAP } from './scrub.ts'

/** A word may be the beginning of a URL with a password; no longer word than this is waited for. */
const MAX_WORD = 2048

/** A wrap that the chunk cuts: its blank, or half a cursor move. */
const UNFINISHED_WRAP = '(?: |\\x1b\\[?[0-9;?]*)?'

/** A stream filter. */
export interface LogScrub {
  /** The bytes that are safe to hand on now. */
  push: (chunk: Buffer) => Buffer
  /** What was held back; call it when the stream rests (at a prompt) or ends. */
  flush: () => Buffer
  /** One more exact string to mask from now on. */
  addSecret: (secret: string) => void
  /** The same masking for a whole text, as for error messages. */
  scrubText: (text: string) => string
}

/** Makes the filter of one stream. Bytes that are not secrets pass unchanged, whatever their encoding. */
export function createLogScrub(initial: readonly string[]): LogScrub {
  const secrets = new Set<string>(initial.filter((secret) => secret !== ''))
  let masks = masksOf([...secrets])
  let held = ''

  return {
    push(chunk) {
      held += chunk.toString('latin1')
      const safe = outsideSecrets(held, Math.min(wordStart(held), beginningStart(held, masks)), masks)
      const out = masks.scrubBytes(held.slice(0, safe))
      held = held.slice(safe)
      return Buffer.from(out, 'latin1')
    },
    flush() {
      const out = masks.scrubBytes(held)
      held = ''
      return Buffer.from(out, 'latin1')
    },
    addSecret(secret) {
      if (secret === '' || secrets.has(secret)) return
      secrets.add(secret)
      masks = masksOf([...secrets])
    },
    scrubText: (text) => masks.scrubText(text),
  }
}

interface Masks {
  scrubText: Scrub
  scrubBytes: Scrub
  whole: RegExp | undefined
  beginnings: RegExp[]
  /** No secret, however wrapped, is longer than this. */
  reach: number
}

function masksOf(secrets: readonly string[]): Masks {
  const asBytes = secrets.map(asLatin1)
  return {
    scrubText: createScrub(secrets),
    scrubBytes: createScrub(asBytes),
    whole: secretPattern(asBytes),
    beginnings: spellings(asBytes).map(beginningOf),
    reach: 4 * Math.max(16, ...spellings(asBytes).map((secret) => secret.length)),
  }
}

function asLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function wordStart(text: string): number {
  const earliest = Math.max(0, text.length - MAX_WORD)
  let start = text.length
  while (start > earliest && /\S/.test(text.charAt(start - 1))) start -= 1
  return start
}

/** Matches any proper beginning of a secret at the end of a text, wrapped or not. */
function beginningOf(secret: string): RegExp {
  const [first = '', ...rest] = [...secret].map(escapeRegExp)
  const tail = rest.slice(0, -1).reduceRight((inner, char) => `(?:${WRAP}${char}${inner})?`, '')
  return new RegExp(`${first}${tail}${WRAP}${UNFINISHED_WRAP}$`)
}

function beginningStart(text: string, { beginnings, reach }: Masks): number {
  const from = Math.max(0, text.length - reach)
  const tail = text.slice(from)
  const starts = beginnings.map((pattern) => pattern.exec(tail)?.index ?? tail.length)
  return from + Math.min(tail.length, ...starts)
}

/** Moves a cut that would go through a secret to its beginning. */
function outsideSecrets(text: string, cut: number, { whole, reach }: Masks): number {
  if (whole === undefined) return cut
  const from = Math.max(0, cut - reach)
  for (const match of text.slice(from, cut + reach).matchAll(whole)) {
    const start = from + match.index
    if (start < cut && start + match[0].length > cut) return start
  }
  return cut
}
