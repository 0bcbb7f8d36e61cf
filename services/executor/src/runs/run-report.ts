// What a run tells: status line (live), job events (kept), steps log (a file), warnings (kept with the job).
import type { Report } from '../actions/action.ts'
import { storable } from '../actions/device-text.ts'
import type { Progress } from './progress.ts'

/** Warnings beyond this number are in the log only. */
const MOST_WARNINGS = 200
const LONGEST_LINE = 1_000
/** Percentages and spinners are no news. */
const VARYING = /\d+/g

/** Job events that are a line of text. */
export type TextEventKind = 'status' | 'step' | 'warning'

export interface RunReportDeps {
  progress: Progress
  /** A line of the steps log. */
  line: (text: string) => void
  event: (kind: TextEventKind, text: string) => void
  mask: (text: string) => string
  now: () => Date
}

export interface RunReport extends Report {
  /** The run failed: the reason goes to the steps log. */
  error(text: string): void
}

export function createRunReport({ progress, line, event, mask, now }: RunReportDeps): RunReport {
  const warnings: string[] = []
  let plugin = 'Executor'
  let lastStatus = ''

  const clean = (text: string) => storable(mask(text)).slice(0, LONGEST_LINE)
  const log = (level: 'INFO' | 'WARNING' | 'ERROR', text: string) =>
    line(`${now().toISOString()} ${level.padStart(8)}: [${plugin}] ${text}`)
  const status = (text: string, percent?: number) => {
    const message = clean(text)
    progress.report({ message, ...(percent === undefined ? {} : { percent }) })
    const kind = message.replace(VARYING, '#')
    if (kind === lastStatus) return
    lastStatus = kind
    event('status', message)
  }
  return {
    step(name) {
      plugin = name
      log('INFO', `Dispatching: '${name}'`)
      event('step', name)
      status(name)
    },
    status,
    info: (text) => log('INFO', clean(text)),
    warn(text) {
      const message = clean(text)
      log('WARNING', message)
      if (warnings.length < MOST_WARNINGS) warnings.push(message)
      event('warning', message)
    },
    warnings: () => [...warnings],
    error: (text) => log('ERROR', clean(text)),
  }
}
