// Query parameters: only the named ones, each once, none empty (an empty filter never means "no filter").
// Source: REST contract, section 1.
import { createError } from '@slipway/contracts'

/** Parameters that were given. */
export type Query<P extends string = string> = Readonly<Partial<Record<P, string>>>

const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/
const POSITIVE_INTEGER = /^0*[1-9]\d*$/

/**
 * Checks the parameters of a request. Errors: INPUT_PARAMETER(S)_UNKNOWN, INPUT_PARAMETER_TWICE, _EMPTY, _INVALID.
 * @param raw what the parser of query strings made: a repeated parameter is a list
 * @param unread parameters that are not looked at beyond their names
 */
export function readQuery<P extends string>(
  raw: Readonly<Record<string, unknown>>,
  allowed: readonly P[],
  unread: (name: P) => boolean = () => false,
): Query<P> {
  assertKnown(Object.keys(raw), allowed)
  const query: Partial<Record<P, string>> = {}
  for (const name of allowed) {
    if (raw[name] !== undefined && !unread(name)) query[name] = readParameter(name, raw[name])
  }
  return query
}

function assertKnown(names: readonly string[], allowed: readonly string[]): void {
  const unknown = names.filter((name) => !allowed.includes(name))
  if (unknown.length === 1) throw createError('INPUT_PARAMETER_UNKNOWN', unknown)
  if (unknown.length > 1) throw createError('INPUT_PARAMETERS_UNKNOWN', [unknown.join(',')])
}

function readParameter(name: string, value: unknown): string {
  if (typeof value !== 'string') throw createError('INPUT_PARAMETER_TWICE', [name])
  if (CONTROL_CHARACTER.test(value)) {
    throw createError('INPUT_PARAMETER_INVALID', [name, 'it must not contain control characters.'])
  }
  if (value.trim() === '') throw createError('INPUT_PARAMETER_EMPTY', [name])
  return value
}

/** The parameters of a path. A control character is in none that exists, and U+0000 no database takes. Error: _INVALID. */
export function readPath<P extends Readonly<Record<string, string>>>(params: P): P {
  for (const [name, value] of Object.entries(params)) {
    if (CONTROL_CHARACTER.test(value)) {
      throw createError('INPUT_PARAMETER_INVALID', [name, 'it must not contain control characters.'])
    }
  }
  return params
}

/** A page number; 1 if absent. Errors: INPUT_PAGE_NOT_NUMERIC, INPUT_PAGE_UNKNOWN (beyond any list). */
export function pageParameter(value: string | undefined): number {
  if (value === undefined) return 1
  if (!POSITIVE_INTEGER.test(value)) throw createError('INPUT_PAGE_NOT_NUMERIC')
  const page = Number(value)
  if (page > MAX_ID) throw createError('INPUT_PAGE_UNKNOWN')
  return page
}

/** Greatest id and page that a database column holds. */
const MAX_ID = 2_147_483_647
const DIGITS = /^\d+$/

/** A job id: its number, 0 for a number that no job can have, undefined if it is not a number at all. */
export function readJobId(value: string): number | undefined {
  if (!DIGITS.test(value)) return undefined
  const id = Number(value)
  return id <= MAX_ID ? id : 0
}
