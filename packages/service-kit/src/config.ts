// Settings come from the environment, by one schema a service, read once at start. Everything that is wrong is
// reported together, so that an operator corrects a deployment once; a secret's value never stands in the report.
import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { choicesOf, isSecret, variableOf } from './settings.ts'

/** Variables by name; what `process.env` is. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface LoadConfigOptions {
  /** Stands before every variable without an `env` annotation: `INVENTORY_`. */
  prefix?: string
}

/** What is wrong with the settings, one line a variable. */
export interface ConfigError extends Error {
  readonly code: 'CONFIG_INVALID'
  readonly problems: readonly string[]
}

const INTEGER = /^[+-]?\d+$/
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)$/
/** `500ms`, `30s`, `5m`, `2h`, `1d`, `1500` (milliseconds). */
const DURATION = /^(\d+)(ms|s|m|h|d)?$/
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false }

/**
 * Reads the settings of a schema. An empty variable counts as not set (that is how deployments blank one).
 * @throws an error with code CONFIG_INVALID that names every wrong variable and why
 */
export function loadConfig<S extends TObject>(
  schema: S,
  env: Environment,
  options: LoadConfigOptions = {},
): Static<S> {
  const required = new Set(schema.required ?? [])
  const config: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [key, property] of Object.entries(schema.properties)) {
    const variable = variableOf(key, property, options.prefix ?? '')
    const outcome = readSetting(property, env[variable], required.has(key))
    if ('problem' in outcome) problems.push(`${variable} ${outcome.problem}`)
    else if (outcome.value !== undefined) config[key] = outcome.value
  }
  if (problems.length > 0) throw configError(problems)
  return config as Static<S>
}

type Outcome = { value: unknown } | { problem: string }

function readSetting(schema: TSchema, text: string | undefined, required: boolean): Outcome {
  if (text === undefined || text === '') {
    const value: unknown = structuredClone(schema['default'])
    return value === undefined && required ? { problem: 'is not set' } : { value }
  }
  const shown = isSecret(schema) ? '' : `'${text}' `
  const outcome = coerce(schema, text)
  if ('problem' in outcome) return { problem: `${shown}${outcome.problem}` }
  const breach = Value.Errors(schema, outcome.value).First()
  if (breach === undefined) return outcome
  return { problem: `${shown}is not allowed: ${breach.message}` }
}

function coerce(schema: TSchema, text: string): Outcome {
  const choices = choicesOf(schema)
  if (choices !== undefined) {
    return choices.includes(text) ? { value: text } : { problem: `is not one of ${choices.join(', ')}` }
  }
  if (schema['duration'] === true) return coerceDuration(text)
  switch (schema['type']) {
    case 'string':
      return { value: text }
    case 'integer':
      return coerceNumber(text, INTEGER, 'is not an integer')
    case 'number':
      return coerceNumber(text, DECIMAL, 'is not a number')
    case 'boolean': {
      const value = Object.hasOwn(booleans, text) ? booleans[text] : undefined
      return value === undefined ? { problem: 'is neither true nor false' } : { value }
    }
    case 'array':
      return coerceList(schema, text)
    default:
      throw new TypeError(`A setting cannot be of type ${String(schema['type'])}`)
  }
}

function coerceNumber(text: string, form: RegExp, problem: string): Outcome {
  const value = Number(text)
  const exact = form !== INTEGER || Number.isSafeInteger(value)
  return form.test(text) && exact ? { value } : { problem }
}

function coerceDuration(text: string): Outcome {
  const match = DURATION.exec(text)
  const value = Number(match?.[1]) * (unitMs[match?.[2] ?? 'ms'] ?? Number.NaN)
  if (Number.isSafeInteger(value)) return { value }
  return { problem: 'is not a duration such as 500ms, 30s, 5m, 2h or 1d' }
}

/** Items between commas, blanks around them dropped. */
function coerceList(schema: TSchema, text: string): Outcome {
  const values: unknown[] = []
  for (const item of text.split(',')) {
    const outcome = coerce(schema['items'], item.trim())
    if ('problem' in outcome) return { problem: `${outcome.problem} (in the list)` }
    values.push(outcome.value)
  }
  return { value: values }
}

function configError(problems: string[]): ConfigError {
  const error = new Error(
    `The settings are not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  )
  error.name = 'ConfigError'
  return Object.assign(error, { code: 'CONFIG_INVALID' as const, problems })
}
