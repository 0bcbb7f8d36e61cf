// Takes secrets out of anything before it is logged: by the names of keys and by the form of strings. It works on a
// copy, ends on cycles, and is bounded in depth and size, so that it can stand before every log line.
import { REDACTED, redactPatterns } from './redact-text.ts'

export interface RedactLimits {
  /** Levels of nesting; default 8. */
  readonly depth?: number
  /** Entries of one object or list; default 200. */
  readonly entries?: number
  /** Characters of one string; default 16,384. */
  readonly characters?: number
}

const TRUNCATED = '[truncated]'
const CIRCULAR = '[circular]'

/** A key that has one of these words (`enablePassword`, `jump-host-password`, `X-Auth-Token`) names a secret. */
const SECRET_WORDS = new Set([
  ...['password', 'passwords', 'passwd', 'passphrase', 'pwd', 'pass', 'secret', 'secrets', 'token', 'tokens'],
  ...['authorization', 'auth', 'cookie', 'cookies', 'credential', 'credentials', 'jwt', 'bearer', 'pin'],
])
/** `key` alone, and `key` after one of these: not every key is a secret one (`ordering_key`). */
const KEY_KINDS = new Set([
  '',
  'private',
  'api',
  'master',
  'signing',
  'encryption',
  'access',
  'session',
  'host',
  'ssh',
])

interface Walk {
  readonly limits: Required<RedactLimits>
  readonly above: Set<object>
}

/** A copy without secrets, fit for a log. */
export function redact(value: unknown, limits: RedactLimits = {}): unknown {
  const bounds = { depth: 8, entries: 200, characters: 16_384, ...limits }
  return walk(value, { limits: bounds, above: new Set() })
}

function walk(value: unknown, at: Walk): unknown {
  if (typeof value === 'string') return redactString(value, at.limits.characters)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date || value instanceof URL)
    return redactString(String(toPlain(value)), at.limits.characters)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (at.above.has(value)) return CIRCULAR
  if (at.above.size >= at.limits.depth) return TRUNCATED
  at.above.add(value)
  try {
    return walkObject(value, at)
  } finally {
    at.above.delete(value)
  }
}

function toPlain(value: Date | URL): string {
  return value instanceof URL
    ? value.href
    : Number.isNaN(value.getTime())
      ? 'Invalid Date'
      : value.toISOString()
}

function walkObject(value: object, at: Walk): unknown {
  if (Array.isArray(value) || value instanceof Set) return walkList([...value], at)
  if (value instanceof Map)
    return walkEntries(
      [...value].map(([key, item]) => [String(key), item]),
      at,
    )
  if (value instanceof Error) return walkEntries(errorEntries(value), at)
  return walkEntries(Object.entries(value), at)
}

/** Name, message, stack and cause of an error are not among its entries. */
function errorEntries(error: Error): [string, unknown][] {
  const { name, message, stack, cause } = error
  const own: [string, unknown][] = [
    ['name', name],
    ['message', message],
    ['stack', stack],
  ]
  if (cause !== undefined) own.push(['cause', cause])
  if (error instanceof AggregateError) own.push(['errors', error.errors])
  return [...own, ...Object.entries(error).filter(([key]) => !own.some(([known]) => known === key))]
}

function walkList(items: unknown[], at: Walk): unknown[] {
  const kept = items.slice(0, at.limits.entries).map((item) => walk(item, at))
  return items.length > kept.length ? [...kept, TRUNCATED] : kept
}

function walkEntries(entries: [string, unknown][], at: Walk): Record<string, unknown> {
  const kept = entries
    .slice(0, at.limits.entries)
    .map(([key, item]): [string, unknown] => [
      redactString(key, at.limits.characters),
      isSecretName(key) ? hide(item) : walk(item, at),
    ])
  if (entries.length > kept.length) kept.push(['…', TRUNCATED])
  // fromEntries defines, it does not assign: a key `__proto__` stays an ordinary one.
  return Object.fromEntries(kept)
}

/** Whether there was a secret at all is worth knowing and tells nothing. */
function hide(value: unknown): unknown {
  return value === undefined || value === null || value === '' || typeof value === 'boolean'
    ? value
    : REDACTED
}

function redactString(text: string, longest: number): string {
  if (text.length <= longest) return redactPatterns(text)
  // Redacted before it is cut: a cut would hide the end by which a secret is known.
  const generous = text.slice(0, longest * 2)
  return `${redactPatterns(generous).slice(0, longest)}${TRUNCATED}`
}

/** True for the name of a key whose value must not be shown. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  if (words.some((word) => SECRET_WORDS.has(word) || /passw(or)?d$/.test(word))) return true
  const last = words.at(-1)
  return (last === 'key' || last === 'keys') && KEY_KINDS.has(words.at(-2) ?? '')
}
