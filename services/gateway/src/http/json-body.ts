// Reads request bodies strictly: UTF-8, no member twice, no nesting deeper than any request needs, so that nothing
// later has to fear what a body holds. `__proto__` stays an ordinary own key, which rows refuse as unknown.
import { isUtf8 } from 'node:buffer'
import { createError, type SlipwayError } from '@slipway/contracts'
import { isJsonRow, type JsonRow } from '../rows/json-row.ts'

/** A request is a list of objects of lists of strings; the rest is room. */
const MAX_DEPTH = 16
/** Rows in one request. Source: REST contract, section 1. */
const MAX_ROWS = 10_000

const tooManyRows = (): SlipwayError => createError('INPUT_TOO_LARGE', [`at most ${MAX_ROWS} rows.`])
const malformed = (reason: string): SlipwayError => createError('INPUT_MALFORMED_JSON', [reason])

/** Parses a body. Errors: INPUT_EMPTY_BODY, INPUT_TOO_LARGE, INPUT_MALFORMED_JSON (it never quotes the body). */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const json = decode(bytes)
  if (json.trim() === '') throw createError('INPUT_EMPTY_BODY')
  const { depth, members, outerCommas } = scan(json)
  if (depth > MAX_DEPTH) throw malformed('it is nested too deeply.')
  // Before they are made: objects of a body full of tiny rows take far longer than counting them.
  if (outerCommas >= MAX_ROWS) throw tooManyRows()
  const value = parse(json)
  if (countMembers(value) !== members) throw malformed('an object holds the same key twice.')
  return value
}

/** The rows of a parsed body: an object is a list of one. Errors: INPUT_EMPTY_BODY, INPUT_NOT_OBJECTS, INPUT_TOO_LARGE. */
export function rowsOf(body: unknown): readonly JsonRow[] {
  if (body === undefined) throw createError('INPUT_EMPTY_BODY')
  const rows: readonly unknown[] = Array.isArray(body) ? body : [body]
  if (rows.length === 0) throw createError('INPUT_EMPTY_BODY')
  if (rows.length > MAX_ROWS) throw tooManyRows()
  if (!rows.every(isJsonRow)) throw createError('INPUT_NOT_OBJECTS')
  return rows
}

/** U+FEFF, which some clients write before everything else. */
const BYTE_ORDER_MARK = 0xfeff

/** Several times as quick as a TextDecoder that refuses. */
function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw malformed('it is not UTF-8.')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
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
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

interface Shape {
  /** Deepest nesting. */
  depth: number
  /** Members of all objects as written. */
  members: number
  /** Commas directly in the outermost list or object. */
  outerCommas: number
}

/** What a JSON text holds, before anything is made of it. Right for valid JSON only. */
function scan(json: string): Shape {
  const shape: Shape = { depth: 0, members: 0, outerCommas: 0 }
  let level = 0
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at)
        break
      case COLON: // outside of strings it stands in members only
        shape.members += 1
        break
      case COMMA:
        if (level === 1) shape.outerCommas += 1
        break
      case OPEN_LIST:
      case OPEN_OBJECT:
        level += 1
        shape.depth = Math.max(shape.depth, level)
        break
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        level -= 1
        break
    }
  }
  return shape
}

/** Index of the quote that ends the string beginning at `start`. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(json, end)) end = json.indexOf('"', end + 1)
  return end === -1 ? json.length : end
}

function isEscaped(json: string, at: number): boolean {
  let first = at
  while (json.charCodeAt(first - 1) === BACKSLASH) first -= 1
  return (at - first) % 2 === 1
}

/** Members of all objects of a parsed value, whose depth is bounded: a key given twice is one of them. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const isList = Array.isArray(value)
  const children: readonly unknown[] = isList ? value : Object.values(value)
  let members = isList ? 0 : children.length
  // Most members are texts: no call for each of them.
  for (const child of children) if (typeof child === 'object') members += countMembers(child)
  return members
}
