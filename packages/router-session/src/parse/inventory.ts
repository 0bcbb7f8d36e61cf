// `show inventory` in both layouts: `NAME: "x", DESCR: "y"` / `PID: p , VID: v, SN: s` of XR and
// ` Name: Rack 0   Descr: …` / ` PID: …  VID: …  SN: …` of the sysadmin plane.

/** One part of a chassis. Texts are empty where the device says nothing. */
export interface InventoryPart {
  /** `0`, `0/RSP0/CPU0`; empty when the name has none. */
  location: string
  name: string
  description: string
  /** PID. */
  modelName: string
  serialNumber: string
  /** VID. */
  hardwareRevision: string
}

/** A key of a record: `NAME:`, `Descr:`, at a word start. */
const KEY = /(?<![^\s,"])(NAME|DESCR|PID|VID|SN)[ \t]*:[ \t]*/gi
/** Quotes and commas around a value: `"module 0/RSP0/CPU0",`. */
const WRAPPING = /^[\s",]+|[\s",]+$/g
/** `Rack 0` in a name. */
const RACK = /\brack (\d+)/i
/** A location in a name: `module 0/RSP0/CPU0`, `power-module 0/PS0/M0/SP`. */
const SLOT = /(?<![\w/])\d+(?:\/[\w-]+)+/
/** Rows that say nothing: `ASR-9904 Generic Fan`. */
const NOISE = /Generic Fan/i
/** How the record of the whole chassis calls itself: `chassis ASR-9904-AC`, `Rack 0`, `… Switch System`. */
const CHASSIS = /chassis|switch system|\brack\b/i

/** All parts in the order of the text. */
export function parseInventory(text: string): InventoryPart[] {
  const parts: InventoryPart[] = []
  let values = new Map<string, string>()
  const finish = () => {
    const part = partOf(values)
    if (part !== undefined) parts.push(part)
    values = new Map()
  }
  const keys = [...text.matchAll(KEY)]
  for (const [index, match] of keys.entries()) {
    const key = (match[1] ?? '').toUpperCase()
    if (key === 'NAME') finish()
    const value = text.slice(match.index + match[0].length, keys[index + 1]?.index ?? text.length)
    // A value ends with its line: what follows a serial number may be a prompt.
    values.set(key, (value.split(/\r?\n/, 1)[0] ?? '').replace(WRAPPING, ''))
  }
  finish()
  return parts.filter((part) => !NOISE.test(part.description))
}

/** Both planes together: parts that are equal in everything are one. */
export function mergeInventories(...lists: readonly InventoryPart[][]): InventoryPart[] {
  const parts = new Map<string, InventoryPart>()
  for (const part of lists.flat()) {
    const key = JSON.stringify(Object.values(part))
    if (!parts.has(key)) parts.set(key, part)
  }
  return [...parts.values()]
}

/** The record of the chassis itself. */
export function chassisPart(parts: readonly InventoryPart[]): InventoryPart | undefined {
  return parts.find((part) => CHASSIS.test(part.name)) ?? parts.find((part) => CHASSIS.test(part.description))
}

function partOf(values: Map<string, string>): InventoryPart | undefined {
  const get = (key: string) => values.get(key) ?? ''
  if (!values.has('NAME') || !values.has('PID')) return undefined
  const name = get('NAME')
  return {
    location: RACK.exec(name)?.[1] ?? SLOT.exec(name)?.[0] ?? '',
    name,
    description: get('DESCR'),
    modelName: get('PID'),
    serialNumber: get('SN'),
    hardwareRevision: get('VID'),
  }
}
