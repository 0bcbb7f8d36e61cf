// The output of one command as it grows: constant work per chunk, whatever the total, because only a short
// tail is ever looked at again.
import { TIMESTAMP_LINE } from '../platform/texts.ts'
import { createTerminalLines } from './terminal-lines.ts'

/** How much completed text stays open for searching. */
const TAIL_LENGTH = 4096
/** The tail is shortened only when it has grown to this, so that shortening costs little. */
const TAIL_LIMIT = 16_384
/** A pattern may begin this far before new text and end in it. */
const OVERLAP = 1000

export interface OutputBuffer {
  push: (text: string) => void
  /** The line that is not complete yet. */
  readonly openLine: string
  /** Grows whenever lines are completed. */
  readonly lineCount: number
  cutOpenLine: (length: number) => void
  /** The last few thousand characters. */
  recent: () => string
  /** Position of an index into `recent()` in the whole output. */
  position: (recentIndex: number) => number
  /** First of the patterns in text not searched yet; what it matched is not searched again. */
  search: (patterns: readonly RegExp[]) => { index: number; match: RegExpExecArray } | undefined
  /** Text after what `search` matched last. */
  rest: () => string
  /** Everything before a position (default: all), with the open line. */
  text: (until?: number) => string
}

/** Makes an empty buffer; `onLine` gets each completed line. */
export function createOutputBuffer(onLine?: (line: string) => void): OutputBuffer {
  const lines = createTerminalLines()
  const flushed: string[] = []
  let flushedLength = 0
  let tail = ''
  let searched = 0
  let leading = true
  let lineCount = 0

  function dropTimestamp(text: string): string {
    const first = /^\n*([^\n]+)\n/.exec(text)
    if (first === null) return text
    leading = false
    return TIMESTAMP_LINE.test(first[1] ?? '') ? text.slice(first[0].length) : text
  }

  function shorten(): void {
    const cut = tail.lastIndexOf('\n', tail.length - TAIL_LENGTH) + 1 || tail.length - TAIL_LENGTH
    flushed.push(tail.slice(0, cut))
    flushedLength += cut
    tail = tail.slice(cut)
    searched = Math.max(0, searched - cut)
  }

  function tellLines(text: string): void {
    if (onLine !== undefined) for (const line of text.split('\n').slice(0, -1)) onLine(line)
  }

  return {
    get openLine() {
      return lines.line
    },
    get lineCount() {
      return lineCount
    },
    cutOpenLine: lines.cut,
    push(chunk) {
      const completed = lines.push(chunk)
      if (completed === '') return
      lineCount += 1
      const text = leading ? dropTimestamp(completed) : completed
      tellLines(text)
      tail += text
      if (tail.length > TAIL_LIMIT) shorten()
    },
    recent: () => tail.slice(-TAIL_LENGTH) + lines.line,
    position: (index) => flushedLength + Math.max(0, tail.length - TAIL_LENGTH) + index,
    search(patterns) {
      const text = tail + lines.line
      const from = Math.min(searched, text.length)
      const region = text.slice(from)
      const found = firstMatch(patterns, region)
      if (found === undefined) searched = Math.max(from, lineStart(text, text.length - OVERLAP))
      else searched = from + found.match.index + found.match[0].length
      return found
    },
    rest: () => (tail + lines.line).slice(searched),
    text: (until = Number.POSITIVE_INFINITY) => [...flushed, tail, lines.line].join('').slice(0, until),
  }
}

function firstMatch(patterns: readonly RegExp[], text: string) {
  let best: { index: number; match: RegExpExecArray } | undefined
  for (const [index, pattern] of patterns.entries()) {
    const match = pattern.exec(text)
    if (match !== null && match[0] !== '' && (best === undefined || match.index < best.match.index))
      best = { index, match }
  }
  return best
}

function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf('\n', at) + 1
}
