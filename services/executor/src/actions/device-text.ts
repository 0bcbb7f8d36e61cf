// Device texts made fit for a status line, and for a database.
import { installErrors } from '@slipway/router-session'

/** `% Invalid input detected at '^' marker.` */
const PERCENT_LINE = /^\s*%\s?(\S.*)$/
/** `Suggested steps to resolve this:` and its ` - …` list. */
const SUGGESTION = /^(?:Suggested steps to resolve this:|- )/
const LONGEST_SUMMARY = 400

/** One sentence for a status line: the device's errors without its suggestions, or its last line. */
export function summarize(output: string): string {
  const lines = output.split('\n').map((line) => line.trim())
  const errors = [...installErrors(output), ...lines.flatMap((line) => PERCENT_LINE.exec(line)?.[1] ?? [])]
  const told = errors.filter((line) => !SUGGESTION.test(line))
  const last = lines.filter((line) => line !== '').at(-1) ?? ''
  const text = (told.length > 0 ? [...new Set(told)].join(' ') : last).replace(/\s+/g, ' ')
  return text.length > LONGEST_SUMMARY ? `${text.slice(0, LONGEST_SUMMARY)}…` : text
}

/** Text that PostgreSQL and JSON take: without NUL and halves of surrogate pairs. */
export function storable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '')).toString()
}
