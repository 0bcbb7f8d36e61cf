// What one page may tell of one log: read once, handed out up to where the events are.
import { linesOf } from '../logs/log-lines.ts'
import type { Slice } from '../logs/log-store.ts'

/** How far lines are wanted. */
export interface Bound {
  /** Where the page of somebody else ended: there a line may have been cut on purpose. */
  readonly until: number
  /** How long the log was when something happened: a line that was not finished then comes after it. */
  readonly moment: number
}

export interface WindowLines {
  readonly lines: string[]
  /** Offset after them. */
  readonly end: number
  /** There is more up to the bound, for another page. */
  readonly more: boolean
}

export interface LogWindow {
  /** How long the log was when it was read. */
  readonly size: number
  /** @param from where the lines before ended, at most `size` */
  take(from: number, bound: Bound): WindowLines
}

/** @param isClosed nobody writes to the log any more */
export function createLogWindow({ bytes, size }: Slice, offset: number, isClosed: boolean): LogWindow {
  const start = Math.min(offset, size)
  const windowEnd = start + bytes.length
  return {
    size,
    take(from, { until, moment }) {
      const wanted = Math.min(size, until, moment)
      const to = Math.max(from, Math.min(windowEnd, wanted))
      const more = to < wanted
      const isWhole = !more && moment >= Math.min(size, until)
      const piece = linesOf(bytes.subarray(from - start, to - start), {
        // Only a line that fills a page of its own is told in pieces.
        cut: more && from === start,
        closed: isWhole && (isClosed || until <= size),
      })
      return { lines: piece.lines, end: from + piece.length, more }
    },
  }
}
