// Readable log lines for people at a terminal: `12:34:56.789 INFO  gateway: listening port=5000`.
import type { DestinationStream } from 'pino'

const leading = new Set(['time', 'level', 'service', 'msg', 'err'])
// Names and messages come from outside too: a terminal must not obey what they hold.
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Turns pino's JSON lines into readable ones on their way to a destination. */
export function prettyDestination(destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(prettyLine(line)) }
}

/** One readable line (more where an error has a stack); a line that is not JSON stays as it is. */
export function prettyLine(line: string): string {
  const entry = parseEntry(line)
  if (entry === undefined) return line
  const time = String(entry['time'] ?? '').slice(11, 23)
  const level = String(entry['level'] ?? '')
    .toUpperCase()
    .padEnd(5)
  const fields = Object.entries(entry)
    .filter(([key]) => !leading.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('')
  const head = `${time} ${level} ${String(entry['service'] ?? '')}: ${String(entry['msg'] ?? '')}${fields}`
  return `${clean(head)}${clean(stackOf(entry['err'], '\n'))}\n`
}

function clean(text: string): string {
  return text.replace(CONTROL_CHARACTERS, '?')
}

function stackOf(error: unknown, before: string): string {
  if (typeof error !== 'object' || error === null) return ''
  const { stack, message, cause } = error as { stack?: unknown; message?: unknown; cause?: unknown }
  return `${before}${String(stack ?? message ?? '')}${stackOf(cause, '\ncaused by: ')}`
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
