// What a log line may hold. Secrets are kept out by the name of their key and out of texts by the word before them:
// a second net below the rule that nobody logs a secret in the first place.

const REDACTED = '[redacted]'
const depthLimit = 8
const itemLimit = 100
const causeLimit = 5

/** Keys whose values are never shown: `password`, `enablePassword`, `sealedPassword`, `masterKey`, `access_token`. */
const SECRET_KEY =
  /pass(word|phrase|wd)|secret|token|authorization|cookie|credential|private_?-?key|master_?-?key|api_?-?key|^sealed/i
/** `password: "x"`, `"token":"x"`, `secret=x` inside a text, such as Prisma's messages that quote a query. */
const SECRET_IN_TEXT =
  /((?:password|passphrase|secret|token|authorization|master_?key)\w*["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:Basic |Bearer )?[^\s,;}\]]+)/gi
/** `postgres://user:password@host`, `nats://user:password@host`. */
const PASSWORD_IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi

/** Further redaction of texts and values, given by whoever knows the secrets. */
export type Redact = (value: unknown) => unknown

/** Makes anything fit for the log. */
export interface Redaction {
  value(value: unknown): unknown
  fields(fields: Record<string, unknown>): Record<string, unknown>
}

/** @param redact applied to every text before it is written, e.g. one that knows the values of secrets */
export function createRedaction(redact: Redact = (value) => value): Redaction {
  function text(value: string): unknown {
    return redact(value.replace(SECRET_IN_TEXT, `$1${REDACTED}`).replace(PASSWORD_IN_URL, `$1${REDACTED}@`))
  }

  function walk(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return text(value)
    if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
    if (typeof value === 'function') return '[function]'
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Error) return describeError(value, text)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (depth === depthLimit) return '[deeper]'
    if (Array.isArray(value)) return value.slice(0, itemLimit).map((item) => walk(item, depth + 1))
    return isPlain(value) ? members(value, depth + 1) : summarize(value)
  }

  function members(value: object, depth: number): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        SECRET_KEY.test(key) && isShowable(member) ? REDACTED : walk(member, depth),
      ]),
    )
  }

  return {
    value: (value) => walk(value, 0),
    fields: (fields) => members(fields, 0),
  }
}

/** Whether something is there at all may be told; what it is may not. */
function isShowable(member: unknown): boolean {
  return member !== undefined && member !== null && typeof member !== 'boolean'
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Requests and replies by what identifies them, anything else by its class: objects may hold anything. */
function summarize(value: object): unknown {
  if ('method' in value && 'url' in value && typeof value.url === 'string') {
    return { method: value.method, path: value.url.split('?')[0] }
  }
  if ('statusCode' in value) return { status: value.statusCode }
  return `[${value.constructor?.name ?? 'object'}]`
}

/** Name, code, message and stack of an error and its causes; other properties may quote what was being done. */
function describeError(error: Error, text: (value: string) => unknown, depth = 0): Record<string, unknown> {
  return {
    type: error.name,
    ...('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
      ? { code: error.code }
      : {}),
    message: text(error.message),
    stack: text(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: describeCause(error.cause, text, depth + 1) }),
    ...(error instanceof AggregateError
      ? { errors: error.errors.slice(0, causeLimit).map((member) => describeCause(member, text, depth + 1)) }
      : {}),
  }
}

function describeCause(cause: unknown, text: (value: string) => unknown, depth: number): unknown {
  if (depth > causeLimit) return '[deeper]'
  return cause instanceof Error ? describeError(cause, text, depth) : text(String(cause))
}
