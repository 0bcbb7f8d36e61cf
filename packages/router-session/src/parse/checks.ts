// Verdicts on the outputs of Pre-Upgrade and Post-Upgrade checks. An error stops the job, a warning does not.
import { filledLines, linesOf } from './lines.ts'

/** What a check found. */
export interface CheckVerdict {
  level: 'info' | 'warning' | 'error'
  message: string
  /** Lines of the device that belong to it. */
  details: string[]
}

/** `Node 0/RSP0/CPU0 is in ACTIVE role`, `Partner node (0/RSP1/CPU0) is in STANDBY role` */
const ROLE = /is in \w+ role/i
const STANDBY_ROLE = /is in STANDBY role/i
/** `Standby node in 0/RSP1/CPU0 is ready`; not `is not ready`, not `is NSR-ready` alone. */
const STANDBY_READY = /\bis ready\b/i

/** `show redundancy location all`: every standby must be ready; a router without one passes. */
export function checkRedundancy(text: string): CheckVerdict {
  const lines = filledLines(text)
  if (!lines.some((line) => ROLE.test(line)))
    return verdict('error', 'Show redundancy output is insufficient.', lines)
  const waiting = lines.filter(
    (line, index) =>
      STANDBY_ROLE.test(line) && !lines.slice(index + 1, index + 4).some((next) => STANDBY_READY.test(next)),
  )
  if (waiting.length > 0) return verdict('error', 'Standby is not ready. Upgrade can not proceed.', waiting)
  return verdict('info', 'Node redundancy level sufficient')
}

/** Steps of `cfs check` that must end in OK: directories, version manager, commit database. */
const CFS_STEPS = 3

/** `cfs check`: at least three lines with OK, such as `Initializing Configuration Version Manager...OK`. */
export function checkConfigFilesystem(text: string): CheckVerdict {
  const lines = filledLines(text)
  if (lines.filter((line) => /\bOK\b/.test(line)).length >= CFS_STEPS)
    return verdict('info', 'The configuration filesystem is consistent')
  return verdict('error', 'The configuration filesystem has inconsistencies', lines)
}

/** Fewer lines than this are the device's way to say that nothing failed. */
const FAILED_STARTUP_LINES = 6

/** `show configuration failed startup`: anything of substance is a warning. */
export function checkFailedStartup(text: string): CheckVerdict {
  const lines = linesOf(text.trim())
  if (lines.length < FAILED_STARTUP_LINES)
    return verdict('info', 'The whole configuration was restored at startup')
  return verdict('warning', 'Some configuration parts failed during startup', filledLines(text))
}

/** A log line worth showing: `… %OS-… : Error …`, `Core for pid`, `Traceback`. */
const CORE_ERROR = /error|Core for pid|Traceback/i
/** What differs in repeated messages: the time, the process number. */
const VARYING = /\b[A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2}(?:\.\d+)?|\[\d+\]|0x[0-9a-f]+/gi
/** More lines than this help nobody. */
const MOST_LINES = 50

/** `show logging last 500`: lines with errors and cores; repetitions once, at most fifty. */
export function checkCoreErrors(text: string): CheckVerdict {
  const seen = new Map<string, string>()
  for (const line of filledLines(text)) {
    const key = line.replace(VARYING, '')
    if (CORE_ERROR.test(line) && !seen.has(key)) seen.set(key, line.trim())
  }
  if (seen.size === 0) return verdict('info', 'No errors in the log')
  return verdict(
    'warning',
    `The log shows ${seen.size} different error messages`,
    [...seen.values()].slice(0, MOST_LINES),
  )
}

function verdict(level: CheckVerdict['level'], message: string, details: string[] = []): CheckVerdict {
  return { level, message, details }
}
