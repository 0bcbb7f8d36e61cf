// What every string of a request must keep, whatever it means. Source: REST contract, section 1.
import { createError, isValidName, normalizeName } from '@slipway/contracts'

/** What most texts hold nothing of: a control character, or half of a pair of surrogates that may lack its other half. */
const SUSPICIOUS = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/
/** C0 controls, DEL and C1 controls: `\r`, `\n`, NUL and the like. */
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/
/** Half of a surrogate pair: it has no UTF-8 form, so a database would store something else. Sample: "\ud800". */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Refuses control characters and strings that are not Unicode. Errors: ROW_CONTROL_CHARACTERS, ROW_INVALID_VALUE. */
export function assertPlainText(key: string, text: string): void {
  if (!SUSPICIOUS.test(text)) return
  if (CONTROL_CHARACTER.test(text)) throw createError('ROW_CONTROL_CHARACTERS', [key])
  if (LONE_SURROGATE.test(text)) throw createError('ROW_INVALID_VALUE', [key, 'it is not valid Unicode'])
}

/** Length in characters (code points), as the limits of the contract count. */
export function lengthOf(text: string): number {
  let length = 0
  for (const _character of text) length += 1
  return length
}

/** Refuses what is longer than `limit` characters. Error: ROW_TOO_LONG. */
export function assertLength(key: string, text: string, limit: number): void {
  if (text.length > limit && lengthOf(text) > limit) throw createError('ROW_TOO_LONG', [key, limit])
}

/** Refuses what is shorter than `limit` characters. Error: ROW_TOO_SHORT. */
export function assertMinLength(key: string, text: string, limit: number): void {
  if (text.length < 2 * limit && lengthOf(text) < limit) throw createError('ROW_TOO_SHORT', [key, limit])
}

/**
 * The name a text stands for: trimmed, blanks collapsed. '' for a text of blanks.
 * Errors: ROW_CONTROL_CHARACTERS, ROW_INVALID_VALUE, ROW_INVALID_CHARACTERS.
 */
export function readName(key: string, text: string): string {
  assertPlainText(key, text)
  const name = normalizeName(text)
  if (name !== '' && !isValidName(name)) throw createError('ROW_INVALID_CHARACTERS', [name])
  return name
}
