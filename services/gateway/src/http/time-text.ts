// Times as the REST contract writes them: RFC 1123 in GMT, or `mm-dd-yyyy hh:mm AM|PM` in an offset the client names.
// Source: API guide, sections 1.3.1 and 1.3.4; REST contract, sections 1 and 5.

/** `-07:00`, `+05:30`: sign, hours, minutes; the whole string. */
const OFFSET = /^([+-])(\d{2}):([0-5]\d)$/
const MAX_OFFSET_MINUTES = 14 * 60
/** `06-15-2016 03:15 PM`, also `6-5-2016 3:15 pm`; the whole string. */
const LOCAL_TIME = /^(\d{1,2})-(\d{1,2})-(\d{4}) (\d{1,2}):([0-5]\d) (AM|PM|am|pm)$/

const MINUTE_MS = 60_000

/** Minutes east of Greenwich, or undefined if it is not an offset. The sign governs the minutes too. */
export function parseUtcOffset(given: string): number | undefined {
  const match = OFFSET.exec(given)
  if (match === null) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  if (minutes > MAX_OFFSET_MINUTES) return undefined
  return match[1] === '-' ? -minutes : minutes
}

/**
 * The moment (ISO 8601, UTC) of a local time, or undefined if it is not a time of the calendar.
 * @param offsetMinutes minutes east of Greenwich
 */
export function parseLocalTime(given: string, offsetMinutes: number): string | undefined {
  const match = LOCAL_TIME.exec(given)
  if (match === null) return undefined
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = match.slice(1, 6).map(Number)
  if (hour < 1 || hour > 12 || !isCalendarDate(year, month, day)) return undefined
  const hour24 = (hour % 12) + (match[6]?.toUpperCase() === 'PM' ? 12 : 0)
  const moment = new Date(0)
  moment.setUTCFullYear(year, month - 1, day)
  moment.setUTCHours(hour24, minute - offsetMinutes)
  const utcYear = moment.getUTCFullYear()
  // Outside of these years ISO 8601 needs a sign, and databases disagree about what it means.
  return utcYear >= 1 && utcYear <= 9999 ? moment.toISOString() : undefined
}

function isCalendarDate(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const last = new Date(0)
  last.setUTCFullYear(year, month, 0)
  return day <= last.getUTCDate()
}

/** A moment as `Wed, 01 Jun 2016 15:15:00 GMT`; an absent one is ''. */
export function rfc1123(moment: string | undefined): string {
  return moment === undefined ? '' : new Date(moment).toUTCString()
}

/** A moment as `06-15-2016 03:15 PM` in the offset; an absent one is ''. */
export function localTime(moment: string | undefined, offsetMinutes: number): string {
  if (moment === undefined) return ''
  const local = new Date(Date.parse(moment) + offsetMinutes * MINUTE_MS)
  const hour = local.getUTCHours()
  const date = [local.getUTCMonth() + 1, local.getUTCDate()].map(twoDigits).join('-')
  const time = [hour % 12 === 0 ? 12 : hour % 12, local.getUTCMinutes()].map(twoDigits).join(':')
  return `${date}-${String(local.getUTCFullYear()).padStart(4, '0')} ${time} ${hour < 12 ? 'AM' : 'PM'}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

/** How an answer writes times: GMT without an offset, else local. */
export function timeWriter(offsetMinutes: number | undefined): (moment: string | undefined) => string {
  return offsetMinutes === undefined ? rfc1123 : (moment) => localTime(moment, offsetMinutes)
}
