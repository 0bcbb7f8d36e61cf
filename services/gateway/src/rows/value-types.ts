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
 * The items of a comma delimited string or of a list of strings; blanks around items go, empty items are dropped.
 * @param numbers accept numbers in place of strings, as clients send ports. Error: ROW_WRONG_TYPE.
 */
export function readItems(key: string, value: unknown, numbers: boolean): string[] {
  if (typeof value === 'string' && !value.includes(',')) return itemOf(value)
  return readList(key, value, numbers)
    .flatMap((item) => item.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** The one item of a text without commas, which most are. */
function itemOf(text: string): string[] {
  const item = text.trim()
  return item === '' ? [] : [item]
}

/** The strings of a list, or the one string, as they were given. Error: ROW_WRONG_TYPE. */
export function readList(key: string, value: unknown, numbers: boolean): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.map((item) => {
    if (typeof item === 'string') return item
    if (numbers && typeof item === 'number') return String(item)
    throw createError('ROW_WRONG_TYPE', [key, 'a string or a list of strings'])
  })
}
