import type { CheckVerdict } from '@slipway/router-session'
import type { Report } from '../actions/action.ts'
import { actionFailure } from '../actions/failure.ts'

/** So many lines of details are shown with a warning; the session log has all of them. */
const MOST_DETAILS = 20

/** Tells what a check found: an error ends the job, a warning is kept with it. */
export function applyVerdict(report: Report, verdict: CheckVerdict): void {
  const { level, message, details } = verdict
  if (level === 'error') throw actionFailure(message, details.join('\n'))
  if (level === 'info') {
    report.info(message)
    return
  }
  report.warn(message)
  for (const line of details.slice(0, MOST_DETAILS)) report.warn(line.trim())
  if (details.length > MOST_DETAILS) report.warn(`… and ${details.length - MOST_DETAILS} more lines`)
}
