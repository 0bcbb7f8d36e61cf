// Takes terminal control sequences out of a stream; a sequence may be split over chunks.

/** Erase to the end of the line or screen, `ESC[K`, `ESC[0J`: kept as a vertical tab for the line model. */
const ERASE = /\x1b\[0?[KJ]/g
/** Every other sequence: colours and cursor moves `ESC[1;31m`, titles `ESC]0;x BEL`, character sets `ESC(B`, `ESC7`. */
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+][0-9A-Za-z]|[ -/]*[0-~])/g
/** The beginning of a sequence at the end of a chunk: `ESC[3`. */
const UNFINISHED = /\x1b(?:\[[0-?]{0,32}[ -/]{0,8}|\][^\x07\x1b]{0,256}|[()*+])?$/
/** Codes that never mean text here: NUL, BEL, form feed, DEL and so on; a stray ESC. */
const NOISE = /[\x00-\x07\x0c\x0e-\x1a\x1b-\x1f\x7f]/g
/** Whether there is anything to do at all. */
const ANY_CONTROL = /[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]/

/** What {@link createControlStripper} leaves beside text: LF, CR, backspace, tab, and this mark for "erase to line end". */
export const ERASE_MARK = '\x0b'

/** Makes the stripper of one stream. */
export function createControlStripper(): (chunk: string) => string {
  let carry = ''
  return (chunk) => {
    let text = carry + chunk
    carry = ''
    if (!ANY_CONTROL.test(text)) return text
    const unfinished = UNFINISHED.exec(text)
    if (unfinished !== null) {
      carry = unfinished[0]
      text = text.slice(0, unfinished.index)
    }
    return text.replaceAll(ERASE_MARK, '').replace(ERASE, ERASE_MARK).replace(SEQUENCE, '').replace(NOISE, '')
  }
}
