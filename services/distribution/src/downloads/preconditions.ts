// What a GET or HEAD of a file is answered with: preconditions in the order of RFC 9110 section 13.2.2, then one byte
// range (section 14). Several ranges, other units and malformed ranges are answered with the whole file, as section
// 14.2 allows; so is a Range of a HEAD, which has no meaning there.

/** The file as it is now. */
export interface Representation {
  /** Strong, with its quotes. */
  readonly etag: string
  /** Whole seconds since 1970, as Last-Modified can say. */
  readonly modifiedS: number
  readonly size: number
}

/** Headers of the request, as Node gives them: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>

/** What to answer; `start` to `end` (exclusive) are the bytes to send. */
export type Decision =
  | { readonly status: 200 | 206; readonly start: number; readonly end: number }
  | { readonly status: 304 | 412 | 416 }

export function decide(method: string, headers: RequestHeaders, file: Representation): Decision {
  const failed = preconditions(headers, file)
  if (failed !== undefined) return { status: failed }
  const whole = { status: 200, start: 0, end: file.size } as const
  const range = text(headers['range'])
  if (method !== 'GET' || range === undefined || !rangeApplies(text(headers['if-range']), file)) return whole
  const parsed = parseRange(range, file.size)
  if (parsed === 'ignored') return whole
  if (parsed === 'unsatisfiable') return { status: 416 }
  return { status: 206, ...parsed }
}

function preconditions(headers: RequestHeaders, file: Representation): 304 | 412 | undefined {
  const ifMatch = text(headers['if-match'])
  const unmodifiedSince = httpDate(text(headers['if-unmodified-since']))
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, file.etag, isStrongly)) return 412
  } else if (unmodifiedSince !== undefined && file.modifiedS > unmodifiedSince) return 412
  const ifNoneMatch = text(headers['if-none-match'])
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, file.etag, isWeakly) ? 304 : undefined
  const modifiedSince = httpDate(text(headers['if-modified-since']))
  return modifiedSince !== undefined && file.modifiedS <= modifiedSince ? 304 : undefined
}

/** `"abc"`, `W/"abc"`, between commas */
const ENTITY_TAGS = /\s*(?:,\s*)*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")\s*(?=,|$)/gy

function matches(list: string, etag: string, equal: (given: string, etag: string) => boolean): boolean {
  if (list.trim() === '*') return true
  return [...list.matchAll(ENTITY_TAGS)].some(([, given = '']) => equal(given, etag))
}

const isStrongly = (given: string, etag: string) => given === etag
const isWeakly = (given: string, etag: string) => given.replace(/^W\//, '') === etag

/** If-Range takes a strong tag or the exact date of Last-Modified (RFC 9110, section 13.1.5). */
function rangeApplies(ifRange: string | undefined, file: Representation): boolean {
  if (ifRange === undefined) return true
  const value = ifRange.trim()
  return value.includes('"') ? value === file.etag : httpDate(value) === file.modifiedS
}

/** `bytes=0-499`, `bytes=500-`, `bytes=-500`; the unit in any case */
const ONE_RANGE = /^\s*bytes\s*=\s*(?:(\d+)\s*-\s*(\d+)?|-\s*(\d+))\s*$/i
/** More digits than any file has bytes. */
const MAX_DIGITS = 15

function parseRange(
  header: string,
  size: number,
): { start: number; end: number } | 'ignored' | 'unsatisfiable' {
  const [all, first, last, suffix] = ONE_RANGE.exec(header) ?? []
  if (all === undefined) return 'ignored'
  if (suffix !== undefined) {
    const length = number(suffix)
    return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size }
  }
  const start = number(first ?? '')
  const end = last === undefined ? size : number(last) + 1
  if (last !== undefined && end <= start) return 'ignored'
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size) }
}

function number(digits: string): number {
  return digits.replace(/^0+(?=\d)/, '').length > MAX_DIGITS ? Number.MAX_SAFE_INTEGER - 1 : Number(digits)
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and the two obsolete forms a recipient must accept (RFC 9110, section 5.6.7). */
const HTTP_DATE =
  /^(?:\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT|\w{3} \w{3} [\d ]\d \d{2}:\d{2}:\d{2} \d{4})$/

/** Seconds since 1970; undefined for what is no date, which counts as absent. */
function httpDate(value: string | undefined): number | undefined {
  const trimmed = value?.trim() ?? ''
  if (!HTTP_DATE.test(trimmed)) return undefined
  // The asctime form names no zone; it is GMT.
  const ms = Date.parse(trimmed.endsWith('GMT') ? trimmed : `${trimmed} GMT`)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000)
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
