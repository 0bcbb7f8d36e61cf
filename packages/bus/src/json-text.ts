// A reply whose JSON is there already, because a database wrote it: building objects of thousands of rows only to
// write them again takes longer than reading them. The asker checks it against the contract like any other.

declare const value: unique symbol

/** JSON text of a value of type T. */
export interface JsonText<T> {
  readonly text: string
  /** Never there: what the text stands for. */
  readonly [value]?: T
}

const made = new WeakSet<object>()

/** Marks a text as the JSON of a value. The caller vouches that it is JSON: text of a database, or JSON.stringify's. */
export function jsonText<T>(text: string): JsonText<T> {
  const wrapped = { text }
  made.add(wrapped)
  return wrapped
}

/** The text of what `jsonText` made; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return isJsonText(value) ? value.text : undefined
}

function isJsonText(value: unknown): value is JsonText<unknown> {
  return typeof value === 'object' && value !== null && made.has(value)
}
