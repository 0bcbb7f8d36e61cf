// JSON types of values in rows. A wrong one is refused with what would have been right.
import { createError } from '@slipway/contracts'

/** A string. Error: ROW_WRONG_TYPE. */
export function readString(key: string, value: unknown): string {
  if (typeof value !== 'string') throw createError('ROW_WRONG_TYPE', [key, 'a string'])
  return value
}

/** True or false; no word for it. Error: ROW_WRONG_TYPE. */
export function readBoolean(key: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw createError('ROW_WRONG_TYPE', [key, 'true or false'])
  return value
}

/**
 * Most items of one list, empty ones included: as many as rows of a request. Eight million, which a body has room for,
 * would keep everybody else waiting for seconds.
 */
export const MAX_ITEMS = 10_000

const tooMany = (key: string) =>
  createError('ROW_INVALID_VALUE', [key, `it may have at most ${MAX_ITEMS} items.`])

/**
 * The items of a comma delimited string or of a list of strings; blanks around items go, empty items are dropped.
 * @param numbers accept numbers in place of strings, as clients send ports. Errors: ROW_WRONG_TYPE, ROW_INVALID_VALUE.
 */
export function readItems(key: string, value: unknown, numbers: boolean): string[] {
  if (typeof value === 'string' && !value.includes(',')) return itemOf(value)
  const texts = readList(key, value, numbers)
  const most = MAX_ITEMS + 1
  const pieces: string[] = []
  for (const text of texts) {
    pieces.push(...text.split(',', most - pieces.length))
    if (pieces.length === most) throw tooMany(key)
  }
  return pieces.map((piece) => piece.trim()).filter((item) => item !== '')
}

/** The one item of a text without commas, which most are. */
function itemOf(text: string): string[] {
  const item = text.trim()
  return item === '' ? [] : [item]
}

/** The strings of a list, or the one string, as they were given. Errors: ROW_WRONG_TYPE, ROW_INVALID_VALUE. */
export function readList(key: string, value: unknown, numbers: boolean): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (items.length > MAX_ITEMS) throw tooMany(key)
  return items.map((item) => {
    if (typeof item === 'string') return item
    if (numbers && typeof item === 'number') return String(item)
    throw createError('ROW_WRONG_TYPE', [key, 'a string or a list of strings'])
  })
}
