// Fields of request rows as data: the guide's key, the type, the length, and what an empty value means. A table of
// fields is read by `readRow`; its type gives the type of what is read.
import { assertLength, assertMinLength, assertPlainText, readName } from './text-rules.ts'
import { readBoolean, readItems, readList, readString } from './value-types.ts'

/**
 * What an absent or empty value means:
 * - identity: the row is about it, so it is always needed
 * - needed: needed when the thing is created (whoever stores it says so), never empty
 * - clearable: empty clears it, which is written as `null`
 * - kept: empty is a value like any other
 */
export type FieldRole = 'identity' | 'needed' | 'clearable' | 'kept'

/** One field; `read` and `checkLength` throw errors of the catalogue. */
export interface Field<T, R extends FieldRole = FieldRole> {
  /** The key of the guide. */
  readonly key: string
  /** Another key that stands for it where it is absent. */
  readonly alias: string | undefined
  readonly role: R
  /**
   * Reads a JSON value that is neither absent nor null: type and characters.
   * @param givenAs the key that errors name, if it is another one
   */
  read(value: unknown, givenAs?: string): T
  checkLength(value: T, givenAs?: string): void
}

interface FieldOptions<R extends FieldRole> {
  role: R
  /** In characters; of lists after joining with commas, of names and lines for each of them. */
  maxLength: number
  /** In characters, of a text that is not empty. */
  minLength?: number
  alias?: string
}

/** A text as it was given; credentials are never trimmed or changed. */
export function text<R extends FieldRole>(key: string, options: FieldOptions<R>): Field<string, R> {
  return {
    key,
    role: options.role,
    alias: options.alias,
    read: (value) => {
      const given = readString(key, value)
      assertPlainText(key, given)
      return given
    },
    checkLength: (value) => {
      assertLength(key, value, options.maxLength)
      if (value !== '') assertMinLength(key, value, options.minLength ?? 0)
    },
  }
}

/** True or false. */
export function flag<R extends FieldRole>(key: string, role: R): Field<boolean, R> {
  return {
    key,
    role,
    alias: undefined,
    read: (value) => readBoolean(key, value),
    checkLength: () => undefined,
  }
}

/** A text in which a number is accepted too, as clients send ports; blanks around it go. */
export function textOrNumber<R extends FieldRole>(key: string, options: FieldOptions<R>): Field<string, R> {
  const asText = text(key, options)
  return {
    ...asText,
    read: (value) => asText.read(typeof value === 'number' ? String(value) : value).trim(),
  }
}

/** A name: trimmed, blanks collapsed, of the allowed characters. */
export function name<R extends FieldRole>(key: string, options: FieldOptions<R>): Field<string, R> {
  return { ...text(key, options), read: (value) => readName(key, readString(key, value)) }
}

/** A comma delimited string or a list of strings; blanks around items go, empty items are dropped. */
export function list<R extends FieldRole>(
  key: string,
  options: FieldOptions<R> & { numbers?: boolean },
): Field<string[], R> {
  return {
    key,
    role: options.role,
    alias: options.alias,
    read: (value, givenAs = key) => {
      const items = readItems(givenAs, value, options.numbers ?? false)
      for (const item of items) assertPlainText(givenAs, item)
      return items
    },
    checkLength: (items, givenAs = key) => assertLength(givenAs, items.join(','), options.maxLength),
  }
}

/** A list that is kept as one string with commas. */
export function joinedList<R extends FieldRole>(key: string, options: FieldOptions<R>): Field<string, R> {
  const items = list(key, options)
  return { ...text(key, options), read: (value) => items.read(value).join(',') }
}

/** A list of names, or a comma delimited string of them. */
export function nameList<R extends FieldRole>(key: string, options: FieldOptions<R>): Field<string[], R> {
  return {
    ...eachLimited(key, options),
    read: (value) => readItems(key, value, false).map((item) => readName(key, item)),
  }
}

/** A list of lines; a string is one line, commas inside a line survive, blank lines are dropped. */
export function lines<R extends FieldRole>(key: string, options: FieldOptions<R>): Field<string[], R> {
  const read = (value: unknown) => {
    const given = readList(key, value, false)
    for (const line of given) assertPlainText(key, line)
    return given.filter((line) => line.trim() !== '')
  }
  return { ...eachLimited(key, options), read }
}

function eachLimited<R extends FieldRole>(key: string, options: FieldOptions<R>) {
  return {
    key,
    role: options.role,
    alias: options.alias,
    checkLength: (items: string[]) => {
      for (const item of items) assertLength(key, item, options.maxLength)
    },
  }
}
