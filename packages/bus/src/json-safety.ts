// What may travel as JSON. JSON.stringify silently turns NaN into null and a Map into {}, and null is a meaning of
// its own in our contracts ("clear it"): what would not arrive as it was sent is refused at the sender.

/** Deep enough for every contract, shallow enough that neither stringify nor a cycle exhausts the stack. */
const depthLimit = 64

const PROTO_KEY = '__proto__'
/** A `__proto__` key, also written with escapes: `"__proto__":`, `"\u005f_proto__" :`. A hint, confirmed by a walk. */
const PROTO_KEY_IN_TEXT =
  /"(?:_|\\u005[Ff]){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006[Ff])(?:t|\\u0074)(?:o|\\u006[Ff])(?:_|\\u005[Ff]){2}"\s*:/

/** Why a value cannot travel, or how many characters of text it holds at least. */
export type Encodable = { refused: string } | { textLength: number }

/** The most of a path that is told, from its end: keys may be long. */
const refusalLimit = 200

/**
 * Looks through a value before it is encoded. Paths name keys, never values; they are put together only on the way
 * back from what is refused, as nearly every value is good and some have ten thousand rows.
 */
export function inspectValue(value: unknown): Encodable {
  let textLength = 0
  function walk(item: unknown, depth: number): string | undefined {
    if (typeof item === 'string') {
      textLength += item.length
      return undefined
    }
    if (item === null || typeof item === 'boolean') return undefined
    if (typeof item === 'number') return Number.isFinite(item) ? undefined : ': not a finite number'
    if (typeof item !== 'object') return `: a ${typeof item} cannot travel`
    if (depth === depthLimit) return ': nested too deeply'
    return Array.isArray(item) ? walkArray(item, depth) : walkObject(item, depth)
  }
  function walkArray(items: unknown[], depth: number): string | undefined {
    for (let index = 0; index < items.length; index++) {
      const refused = walk(items[index], depth + 1)
      if (refused !== undefined) return `/${index}${refused}`
    }
    return undefined
  }
  function walkObject(item: object, depth: number): string | undefined {
    if ('toJSON' in item && typeof item.toJSON === 'function') return undefined
    const prototype: unknown = Object.getPrototypeOf(item)
    if (prototype !== Object.prototype && prototype !== null) return ': not a plain object'
    for (const key of Object.keys(item)) {
      if (key === PROTO_KEY) return `: key ${PROTO_KEY} is not allowed`
      const member: unknown = Reflect.get(item, key)
      const refused = member === undefined ? undefined : walk(member, depth + 1)
      if (refused !== undefined) return `/${key}${refused}`
    }
    return undefined
  }
  const refused = walk(value, 0)
  return refused === undefined ? { textLength } : { refused: refused.slice(-refusalLimit) }
}

/** True if parsed JSON holds an own key `__proto__`, which a later Object.assign would turn into a prototype. */
export function holdsProtoKey(text: string, parsed: unknown): boolean {
  return PROTO_KEY_IN_TEXT.test(text) && findProtoKey(parsed)
}

function findProtoKey(root: unknown): boolean {
  const waiting = [root]
  while (waiting.length > 0) {
    const item = waiting.pop()
    if (typeof item !== 'object' || item === null) continue
    if (Object.hasOwn(item, PROTO_KEY)) return true
    for (const member of Object.values(item)) waiting.push(member)
  }
  return false
}
