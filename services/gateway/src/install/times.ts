// The pair scheduled_time and utc_offset, in bodies and in queries. Source: REST contract, section 5, "Times".
import { createError } from '@slipway/contracts'
import { parseLocalTime, parseUtcOffset } from '../http/time-text.ts'

interface GivenTime {
  readonly scheduledTime: string | undefined
  readonly utcOffset: string | undefined
}

/** The moment of a row, undefined for "now". A lone utc_offset is ignored. Errors: SCHEDULER_OFFSET_…, _TIME_INVALID. */
export function readScheduledTime({ scheduledTime, utcOffset }: GivenTime): string | undefined {
  if (scheduledTime === undefined) return undefined
  if (utcOffset === undefined) throw createError('SCHEDULER_OFFSET_MISSING')
  return toMoment(scheduledTime, readOffset(utcOffset))
}

/**
 * The same for the rows of one request: most name the same time, and reading it takes longer than the rest of a row. What
 * is refused is read again for each row.
 */
export function createTimeReader(): typeof readScheduledTime {
  const known = new Map<string, string | undefined>()
  return (given) => {
    const key = `${given.scheduledTime}\n${given.utcOffset}`
    const moment = known.get(key) ?? readScheduledTime(given)
    known.set(key, moment)
    return moment
  }
}

/** A blank where the sign was: `+07:00` in a query string that was not percent-encoded. */
const LOST_PLUS = /^ (?=\d)/

/** The offset of a query in minutes; a `+` that arrived as a blank is repaired. Error: SCHEDULER_OFFSET_INVALID. */
export function readQueryOffset(given: string | undefined): number | undefined {
  return given === undefined ? undefined : readOffset(given.replace(LOST_PLUS, '+'))
}

/** The moment that a query names. Errors: SCHEDULER_OFFSET_REQUIRED, SCHEDULER_TIME_INVALID. */
export function readQueryTime(given: string | undefined, offset: number | undefined): string | undefined {
  if (given === undefined) return undefined
  if (offset === undefined) throw createError('SCHEDULER_OFFSET_REQUIRED')
  return toMoment(given, offset)
}

function readOffset(given: string): number {
  const offset = parseUtcOffset(given)
  if (offset === undefined) throw createError('SCHEDULER_OFFSET_INVALID')
  return offset
}

function toMoment(given: string, offset: number): string {
  const moment = parseLocalTime(given, offset)
  if (moment === undefined) throw createError('SCHEDULER_TIME_INVALID', [given])
  return moment
}
