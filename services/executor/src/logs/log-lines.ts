// Whole lines from a piece of a log that may still be written to.

const LINE_FEED = 0x0a
/** Ends of lines as terminals send them: `show version\r\n`. */
const CARRIAGE_RETURNS = /\r+$/

export interface LinePiece {
  readonly lines: string[]
  /** Bytes that the lines take, their ends included. */
  readonly length: number
}

/** How a piece was read. */
export interface PieceFacts {
  /** More bytes follow it. */
  readonly cut: boolean
  /** Nobody writes to the log any more: what its last line lacks is its end only. */
  readonly closed: boolean
}

/**
 * The lines of a piece. An unfinished last line waits for its end, unless the log is closed, or the piece is cut and
 * holds nothing else: such a line is handed out in pieces, never within a character.
 */
export function linesOf(bytes: Buffer, { cut, closed }: PieceFacts): LinePiece {
  const length = lengthOf(bytes, cut, closed)
  if (length === 0) return { lines: [], length }
  const lines = bytes.toString('utf8', 0, length).split('\n')
  if (bytes[length - 1] === LINE_FEED) lines.pop()
  return { lines: lines.map((line) => line.replace(CARRIAGE_RETURNS, '')), length }
}

function lengthOf(bytes: Buffer, cut: boolean, closed: boolean): number {
  if (closed && !cut) return bytes.length
  const whole = bytes.lastIndexOf(LINE_FEED) + 1
  return whole === 0 && cut ? wholeCharacters(bytes) : whole
}

/** Length without a UTF-8 character that is cut at the end. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needed > back && back < bytes.length ? bytes.length - back : bytes.length
  }
  return bytes.length
}
