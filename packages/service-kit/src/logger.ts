// One JSON line an event on standard output; readable lines where a person watches.
import { type DestinationStream, type Logger, pino } from 'pino'
import { prettyDestination } from './pretty-log.ts'
import { createRedaction, type Redact } from './redaction.ts'

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
  /** Further redaction of every text, by whoever knows the secrets. */
  redact?: Redact
}

/** A logger that keeps secrets out of fields, messages and errors. */
export function createLogger(options: LoggerOptions): Logger {
  const redaction = createRedaction(options.redact)
  const raw = options.destination ?? pino.destination({ dest: 1, sync: true })
  const destination = options.pretty === true ? prettyDestination(raw) : raw
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors are described by the redaction; pino's own serializer would copy every property of an error.
      serializers: { err: (value: unknown) => value },
      formatters: {
        level: (level) => ({ level }),
        log: (fields) => redaction.fields(fields),
        bindings: (bindings) => redaction.fields(bindings),
      },
      hooks: {
        logMethod(inputs, method) {
          // Format arguments and messages; fields pass through formatters.log.
          const [first, ...rest] = inputs
          const head = typeof first === 'string' ? redaction.value(first) : first
          const tail = rest.map((argument) => redaction.value(argument))
          Reflect.apply(method, this, [head, ...tail])
        },
      },
    },
    destination,
  )
}
