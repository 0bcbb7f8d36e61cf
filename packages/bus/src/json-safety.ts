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

/** Looks through a value before it is encoded. Paths name keys, never values. */
export function inspectValue(value: unknown): Encodable {
  let textLength = 0
  function walk(item: unknown, path: string, depth: number): string | undefined {
    if (typeof item === 'string') {
      textLength += item.length
      return undefined
    }
    if (item === null || typeof item === 'boolean') return undefined
    if (typeof item === 'number') return Number.isFinite(item) ? undefined : `${path}: not a finite number`
    if (typeof item !== 'object') return `${path}: a ${typeof item} cannot travel`
    if (depth === depthLimit) return `${path.slice(0, 100)}: nested too deeply`
    if (Array.isArray(item)) return walkArray(item, path, depth)
    return walkObject(item, path, depth)
  }
  function walkArray(items: unknown[], path: string, depth: number): string | undefined {
    for (let index = 0; index < items.length; index++) {
      const refused = walk(items[index], `${path}/${index}`, depth + 1)
      if (refused !== undefined) return refused
    }
    return undefined
  }
  function walkObject(item: object, path: string, depth: number): string | undefined {
    if ('toJSON' in item && typeof item.toJSON === 'function') return undefined
    const prototype: unknown = Object.getPrototypeOf(item)
    if (prototype !== Object.prototype && prototype !== null) return `${path}: not a plain object`
    for (const [key, member] of Object.entries(item)) {
      if (key === PROTO_KEY) return `${path}: key ${PROTO_KEY} is not allowed`
      const refused = member === undefined ? undefined : walk(member, `${path}/${key}`, depth + 1)
      if (refused !== undefined) return refused
    }
    return undefined
  }
  const refused = walk(value, '', 0)
  return refused === undefined ? { textLength } : { refused }
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
