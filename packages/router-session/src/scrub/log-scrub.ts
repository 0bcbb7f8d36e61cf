// Masks secrets in a stream: a secret may be split over chunks and over the lines of a wrapped echo, so
// whatever could still become one is held back until more bytes tell.
import { createScrub, escapeRegExp, type Scrub, spellings, WRAP } from './scrub.ts'

/** A word may be the beginning of a URL with a password; no longer word than this is waited for. */
const MAX_WORD = 2048

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
  const secrets = new Set<string>(initial)
  let scrubText: Scrub = createScrub([...secrets])
  let scrubBytes: Scrub = createScrub([...secrets].map(asLatin1))
  let beginnings = beginningsOf([...secrets])
  let held = ''

  return {
    push(chunk) {
      held += chunk.toString('latin1')
      const safe = Math.min(wordStart(held), beginningStart(held, beginnings))
      const out = scrubBytes(held.slice(0, safe))
      held = held.slice(safe)
      return Buffer.from(out, 'latin1')
    },
    flush() {
      const out = scrubBytes(held)
      held = ''
      return Buffer.from(out, 'latin1')
    },
    addSecret(secret) {
      if (secret === '' || secrets.has(secret)) return
      secrets.add(secret)
      scrubText = createScrub([...secrets])
      scrubBytes = createScrub([...secrets].map(asLatin1))
      beginnings = beginningsOf([...secrets])
    },
    scrubText: (text) => scrubText(text),
  }
}

function asLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function wordStart(text: string): number {
  const tail = Math.max(0, text.length - MAX_WORD)
  return text.length - (/\S*$/.exec(text.slice(tail))?.[0].length ?? 0)
}

interface Beginning {
  pattern: RegExp
  reach: number
}

/** Matches any proper beginning of a secret at the end of a text, wrapped or not. */
function beginningsOf(secrets: readonly string[]): Beginning[] {
  return spellings(secrets.map(asLatin1)).map((secret) => {
    const [first = '', ...rest] = [...secret].map(escapeRegExp)
    const tail = rest.slice(0, -1).reduceRight((inner, char) => `(?:${WRAP}${char}${inner})?`, '')
    return { pattern: new RegExp(`${first}${tail}${WRAP}$`), reach: secret.length * 4 + 64 }
  })
}

function beginningStart(text: string, beginnings: readonly Beginning[]): number {
  let start = text.length
  for (const { pattern, reach } of beginnings) {
    const from = Math.max(0, text.length - reach)
    const match = pattern.exec(text.slice(from))
    if (match !== null) start = Math.min(start, from + match.index)
  }
  return start
}
