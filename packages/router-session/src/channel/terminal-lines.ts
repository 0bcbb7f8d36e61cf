// What a person would see: carriage returns and backspaces move back in the line, later text overwrites.
// Pagers erase themselves this way, progress indicators turn.
import { ERASE_MARK } from './control-codes.ts'

/** Anything that needs the slow path. */
const MOVES = /[\r\b\x0b]/
/** A line longer than this is handed out in parts, so that an endless line costs no endless memory. */
const MAX_LINE = 65_536

/** The line model of one stream. */
export interface TerminalLines {
  /** Takes text; returns the lines it completed, each with its `\n`. */
  push: (text: string) => string
  /** The line that is still open. */
  readonly line: string
  /** Cuts the open line to this length (a pager's question that was answered). */
  cut: (length: number) => void
}

/** Makes an empty model. */
export function createTerminalLines(): TerminalLines {
  let line = ''
  let column = 0
  let moved = false

  function overwrite(text: string): void {
    for (const piece of text.split(/([\r\b\x0b])/)) {
      if (piece === '\r') column = 0
      else if (piece === '\b') column = Math.max(0, column - 1)
      else if (piece === ERASE_MARK) {
        moved ||= column < line.length
        line = line.slice(0, column)
      } else if (piece !== '') {
        moved ||= column < line.length
        line = line.slice(0, column) + piece + line.slice(column + piece.length)
        column += piece.length
      }
    }
  }

  function write(text: string): void {
    if (column === line.length && !MOVES.test(text)) {
      line += text
      column = line.length
    } else overwrite(text)
  }

  function finish(): string {
    // Only erased lines are trimmed: their blanks are what is left of the eraser.
    const done = moved ? line.trimEnd() : line
    line = ''
    column = 0
    moved = false
    return done
  }

  return {
    get line() {
      return line
    },
    cut(length) {
      line = line.slice(0, length)
      column = Math.min(column, line.length)
      moved = true
    },
    push(text) {
      const pieces = text.replace(/\r+\n/g, '\n').split('\n')
      let done = ''
      for (let i = 0; i < pieces.length - 1; i += 1) {
        write(pieces[i] ?? '')
        done += `${finish()}\n`
      }
      write(pieces.at(-1) ?? '')
      if (line.length > MAX_LINE && column === line.length) done += finish()
      return done
    },
  }
}
