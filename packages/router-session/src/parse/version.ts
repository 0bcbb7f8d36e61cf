// `show version` and `show version brief` of classic and 64-bit XR.

/** `Cisco IOS XR Software, Version 5.3.3[Default]` → `5.3.3`. */
const VERSION = /\bVersion\s+:?\s*([^\s[,]+)/
/** The processor line: `cisco ASR9K Series (Intel 686 …) processor …`, `cisco NCS-5500 () processor`. */
const PROCESSOR = /^ {0,2}cisco ([^\r\n(]+?)\s*(?:\(|$)/m
/** `corfu uptime is 9 weeks, 3 days, 11 hours, 25 minutes`, `System uptime is 13 hours, 27 minutes`. */
const UPTIME = /\buptime is ([^\r\n]+)/
const UPTIME_PART = /(\d+) (year|week|day|hour|minute|second)s?/g

const SECONDS: Record<string, number> = {
  year: 365 * 86_400,
  week: 7 * 86_400,
  day: 86_400,
  hour: 3600,
  minute: 60,
  second: 1,
}

/** What a version text says. */
export interface VersionText {
  version: string | undefined
  /** The words after `cisco `: `ASR9K Series`, `NCS-5500`, `IOS-XRv 9000`. */
  processor: string | undefined
  /** The device counts in minutes. */
  uptimeSeconds: number | undefined
}

/** Reads a version text; what is not there is undefined. */
export function parseShowVersion(text: string): VersionText {
  const uptime = UPTIME.exec(text)?.[1]
  return {
    version: VERSION.exec(text)?.[1],
    processor: PROCESSOR.exec(text)?.[1],
    uptimeSeconds: uptime === undefined ? undefined : secondsOf(uptime),
  }
}

function secondsOf(text: string): number {
  let seconds = 0
  for (const [, count, unit] of text.matchAll(UPTIME_PART))
    seconds += Number(count) * (SECONDS[unit ?? ''] ?? 0)
  return seconds
}
