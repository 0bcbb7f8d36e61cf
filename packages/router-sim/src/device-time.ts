/**
 * The four ways an XR router writes the time. All are UTC here.
 * Samples: exec `Wed Feb 10 14:33:27.147 UTC` · Calvados `Fri Sep  2  13:58:27.395 UTC`
 * classic install `04:42:17 UTC Sun Sep 20 2026` · eXR install `May 24 18:54:12`.
 */
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

interface Parts {
  readonly dow: string
  readonly month: string
  readonly day: number
  readonly year: number
  readonly time: string
  readonly millis: string
}

function partsOf(at: Date): Parts {
  const iso = at.toISOString()
  return {
    dow: DAYS[at.getUTCDay()] ?? 'Sun',
    month: MONTHS[at.getUTCMonth()] ?? 'Jan',
    day: at.getUTCDate(),
    year: at.getUTCFullYear(),
    time: iso.slice(11, 19),
    millis: iso.slice(20, 23),
  }
}

/** The line an XR exec prints before a command's output. */
export function execTimestamp(at: Date): string {
  const p = partsOf(at)
  return `${p.dow} ${p.month} ${String(p.day).padStart(2)} ${p.time}.${p.millis} UTC`
}

/** The line the Calvados plane prints before a command's output: two blanks after the month, day padded right. */
export function calvadosTimestamp(at: Date): string {
  const p = partsOf(at)
  return `${p.dow} ${p.month}  ${String(p.day).padEnd(2)} ${p.time}.${p.millis} UTC`
}

/** Time of day and date as classic install texts write it. */
export function classicInstallTime(at: Date): string {
  const p = partsOf(at)
  return `${p.time} UTC ${p.dow} ${p.month} ${String(p.day).padStart(2, '0')} ${p.year}`
}

/** Month, day and time as eXR install lines begin. */
export function exrInstallTime(at: Date): string {
  const p = partsOf(at)
  return `${p.month} ${String(p.day).padStart(2, '0')} ${p.time}`
}

/** Month, day and time with milliseconds, as syslog lines begin. */
export function syslogTime(at: Date): string {
  const p = partsOf(at)
  return `${p.month} ${String(p.day).padStart(2)} ${p.time}.${p.millis}`
}

/** `2 weeks, 6 days, 13 hours, 36 minutes`, as uptime lines end; under a minute it is `0 minutes`. */
export function uptimeText(elapsedMs: number): string {
  const minutes = Math.floor(elapsedMs / 60_000)
  const units: [string, number][] = [
    ['week', Math.floor(minutes / 10_080)],
    ['day', Math.floor(minutes / 1440) % 7],
    ['hour', Math.floor(minutes / 60) % 24],
    ['minute', minutes % 60],
  ]
  const shown = units.filter(([, count]) => count > 0)
  if (shown.length === 0) return '0 minutes'
  return shown.map(([unit, count]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(', ')
}

/** `HH:MM:SS` of a duration, as the idle column of `show users`. */
export function idleText(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000))
  return new Date(seconds * 1000).toISOString().slice(11, 19)
}
