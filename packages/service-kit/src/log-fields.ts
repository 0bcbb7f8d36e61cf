// What a log line may hold: errors by code, words and causes, requests by what identifies them, nothing secret.
// Redaction is a second net below the rule that nobody logs a secret in the first place.
import { redact as redactSecrets } from '@slipway/secrets'

/** Takes secrets out of a text or a structure, e.g. one that knows their values. */
export type Redact = (value: unknown) => unknown

const causeLimit = 5

/** The fields of a log line, fit to be written. */
export function describeFields(
  fields: Readonly<Record<string, unknown>>,
  redact: Redact = redactSecrets,
): Record<string, unknown> {
  const described = Object.entries(fields).map(([key, value]) => [key, describe(value)] as const)
  return redact(Object.fromEntries(described)) as Record<string, unknown>
}

function describe(value: unknown): unknown {
  if (value instanceof Error) return describeError(value)
  if (typeof value !== 'object' || value === null || isPlain(value)) return value
  return summarize(value)
}

function isPlain(value: object): boolean {
  if (Array.isArray(value) || value instanceof Date || value instanceof URL) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Requests and replies by what identifies them, other objects by their class: they may hold anything. */
function summarize(value: object): unknown {
  if ('method' in value && 'url' in value && typeof value.url === 'string') {
    return { method: value.method, path: value.url.split('?', 1)[0] }
  }
  if ('statusCode' in value) return { status: value.statusCode }
  return `[${value.constructor?.name ?? 'object'}]`
}

/** Name, code, message, stack and causes; other properties of an error may quote what was being done. */
function describeError(error: Error, depth = 0): Record<string, unknown> {
  const described: Record<string, unknown> = { type: error.name }
  if ('code' in error) described['code'] = String(error.code)
  described['message'] = error.message
  described['stack'] = error.stack
  if (error.cause !== undefined) described['cause'] = describeCause(error.cause, depth + 1)
  if (error instanceof AggregateError) {
    described['errors'] = error.errors.slice(0, causeLimit).map((member) => describeCause(member, depth + 1))
  }
  return described
}

function describeCause(cause: unknown, depth: number): unknown {
  if (depth > causeLimit) return '[further causes]'
  return cause instanceof Error ? describeError(cause, depth) : describe(cause)
}
