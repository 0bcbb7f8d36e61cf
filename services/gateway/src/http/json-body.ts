// Reads request bodies strictly: UTF-8, no member twice, no nesting deeper than any request needs, so that nothing
// later has to fear what a body holds. `__proto__` stays an ordinary own key, which rows refuse as unknown.
import { createError, type SlipwayError } from '@slipway/contracts'
import { isJsonRow, type JsonRow } from '../rows/json-row.ts'

/** A request is a list of objects of lists of strings; the rest is room. */
const MAX_DEPTH = 16
/** Rows in one request. Source: REST contract, section 1. */
const MAX_ROWS = 10_000

const malformed = (reason: string): SlipwayError => createError('INPUT_MALFORMED_JSON', [reason])

/** Parses a body. Errors: INPUT_EMPTY_BODY, INPUT_MALFORMED_JSON (its text never quotes the body). */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const json = decode(bytes)
  if (json.trim() === '') throw createError('INPUT_EMPTY_BODY')
  const { depth, members } = scan(json)
  if (depth > MAX_DEPTH) throw malformed('it is nested too deeply.')
  const value = parse(json)
  if (countMembers(value) !== members) throw malformed('an object holds the same key twice.')
  return value
}

/** The rows of a parsed body: an object is a list of one. Errors: INPUT_EMPTY_BODY, INPUT_NOT_OBJECTS, INPUT_TOO_LARGE. */
export function rowsOf(body: unknown): readonly JsonRow[] {
  if (body === undefined) throw createError('INPUT_EMPTY_BODY')
  const rows: readonly unknown[] = Array.isArray(body) ? body : [body]
  if (rows.length === 0) throw createError('INPUT_EMPTY_BODY')
  if (rows.length > MAX_ROWS) throw createError('INPUT_TOO_LARGE', [`at most ${MAX_ROWS} rows.`])
  if (!rows.every(isJsonRow)) throw createError('INPUT_NOT_OBJECTS')
  return rows
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed('it is not UTF-8.')
  }
}

/** V8 tells the place in words that may quote the body; only the place is passed on. */
const POSITION = /at position (\d+)/

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    const position = error instanceof Error ? POSITION.exec(error.message)?.[1] : undefined
    throw malformed(
      position === undefined ? 'unexpected token or end.' : `unexpected token at position ${position}.`,
    )
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/** Deepest nesting of a JSON text, and how many members its objects have as written. Right for valid JSON only. */
function scan(json: string): { depth: number; members: number } {
  let level = 0
  let depth = 0
  let members = 0
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at)
    // Outside of strings a colon stands in members only.
    else if (code === COLON) members += 1
    else if (OPENING.has(code)) depth = Math.max(depth, ++level)
    else if (CLOSING.has(code)) level -= 1
  }
  return { depth, members }
}

function endOfString(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

/** Members of all objects of a parsed value, whose depth is bounded: a key given twice is one of them. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const children: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  let members = Array.isArray(value) ? 0 : children.length
  for (const child of children) members += countMembers(child)
  return members
}
