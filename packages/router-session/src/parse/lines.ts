import { TIMESTAMP_LINE } from '../platform/texts.ts'

/** The lines of a device text without carriage returns and time stamp lines. */
export function linesOf(text: string): string[] {
  return text.split(/\r*\n/).filter((line) => !TIMESTAMP_LINE.test(line))
}

/** The lines with something on them. */
export function filledLines(text: string): string[] {
  return linesOf(text).filter((line) => line.trim() !== '')
}
