// One JSON line an event on standard output; readable lines where a person watches.
import { redact as redactSecrets } from '@slipway/secrets'
import { type DestinationStream, type Logger, pino } from 'pino'
import { describeFields, type Redact } from './log-fields.ts'
import { prettyDestination } from './pretty-log.ts'

/** What services log with. */
export type { Logger }

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LoggerOptions {
  /** Stands in every line. */
  service: string
  level: LogLevel
  /** Where lines go; standard output, written synchronously so that the last words of a process are not lost. */
  destination?: DestinationStream
  /** Readable lines instead of JSON. */
  pretty?: boolean
  /** Instead of the redaction by key names and forms of packages/secrets. */
  redact?: Redact
}

/** A logger that keeps secrets out of fields, messages and errors. */
export function createLogger(options: LoggerOptions): Logger {
  const redact = options.redact ?? redactSecrets
  const raw = options.destination ?? pino.destination({ dest: 1, sync: true })
  const destination = options.pretty === true ? prettyDestination(raw) : raw
  const log = pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors are described by log-fields; pino's own serializer would copy every property of an error.
      serializers: { err: (value: unknown) => value },
      formatters: {
        level: (level) => ({ level }),
        log: (fields) => describeFields(fields, redact),
      },
      hooks: {
        logMethod(inputs, method) {
          Reflect.apply(method, this, cleanInputs(inputs, redact))
        },
      },
    },
    destination,
  )
  cleanChildren(log, redact)
  return log
}

/** pino gives children no formatter for what they are bound to; theirs pass through here, their children's too. */
function cleanChildren(log: Logger, redact: Redact): void {
  const { child } = log
  const cleaned = function (this: Logger, bindings: Record<string, unknown>, options?: object): Logger {
    return Reflect.apply(child, this, [describeFields(bindings, redact), options])
  }
  Object.defineProperty(log, 'child', { value: cleaned })
}

/**
 * Messages and what is formatted into them, without secrets. Fields pass through formatters.log; but where a line has
 * an error and no message pino takes the error's, so that one is given here.
 */
function cleanInputs(inputs: readonly unknown[], redact: Redact): unknown[] {
  const [first, ...rest] = inputs
  if (typeof first === 'string') return inputs.map((input) => redact(input))
  const fields = first instanceof Error ? { err: first } : first
  const error: unknown = typeof fields === 'object' && fields !== null && 'err' in fields && fields.err
  if (rest.length === 0 && error instanceof Error) return [fields, redact(error.message)]
  return [fields, ...rest.map((input) => redact(input))]
}
