// Settings are TypeBox properties with annotations: how a key is called in the environment, what it means, whether
// it is a secret. Reading (config.ts) and the generated settings page rest on the same annotations.
import { type TInteger, type TObject, type TSchema, type TString, Type } from '@sinclair/typebox'

/** What a setting's schema may carry beside TypeBox's own options. */
export interface SettingAnnotations {
  /** One sentence for operators; stands in docs/settings.md. */
  description?: string
  /** The exact variable instead of the one built from prefix and key, e.g. `NATS_URL`. */
  env?: string
  /** Never printed, neither in errors nor in documents. */
  secret?: boolean
}

/** A setting as an operator meets it. */
export interface Setting {
  /** Key in code. */
  key: string
  /** Environment variable. */
  variable: string
  /** `string`, `integer`, `number`, `boolean`, `duration`, `list` or the allowed values. */
  type: string
  required: boolean
  /** As it could be written in the environment; absent if there is none or it is a secret. */
  default?: string
  description: string
  secret: boolean
}

const WORD_BOUNDARY = /([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])/g

/** A length of time in milliseconds, written as `500ms`, `30s`, `5m`, `2h`, `1d` or plain milliseconds. */
export function Duration(
  options: SettingAnnotations & { default?: number; minimum?: number; maximum?: number } = {},
): TInteger {
  return Type.Integer({ minimum: 0, ...options, duration: true })
}

/** A text that is never printed. */
export function Secret(options: Omit<SettingAnnotations, 'secret'> & { minLength?: number } = {}): TString {
  return Type.String({ ...options, secret: true })
}

/** The variable of a key: `runLimit` with prefix `INVENTORY_` is `INVENTORY_RUN_LIMIT`. */
export function variableOf(key: string, schema: TSchema, prefix: string): string {
  if (typeof schema['env'] === 'string') return schema['env']
  const stem = prefix === '' || prefix.endsWith('_') ? prefix : `${prefix}_`
  return stem + key.replace(WORD_BOUNDARY, '$1$3_$2$4').toUpperCase()
}

/** True if a setting must not be printed. */
export function isSecret(schema: TSchema): boolean {
  return schema['secret'] === true
}

/** The allowed values of a choice; undefined if the schema is none. */
export function choicesOf(schema: TSchema): string[] | undefined {
  if (typeof schema['const'] === 'string') return [schema['const']]
  if (Array.isArray(schema['enum'])) return schema['enum'].map(String)
  const anyOf: unknown = schema['anyOf']
  if (!Array.isArray(anyOf)) return undefined
  const values = anyOf.map((member: TSchema): unknown => member['const'])
  return values.every((value) => typeof value === 'string') ? values : undefined
}

/** All settings of a schema in the order of declaration, for docs/settings.md. */
export function describeConfig(schema: TObject, options: { prefix?: string } = {}): Setting[] {
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties).map(([key, property]) => {
    const hasDefault = property['default'] !== undefined
    return {
      key,
      variable: variableOf(key, property, options.prefix ?? ''),
      type: typeName(property),
      required: required.has(key) && !hasDefault,
      ...(hasDefault && !isSecret(property) ? { default: String(property['default']) } : {}),
      description: property.description ?? '',
      secret: isSecret(property),
    }
  })
}

function typeName(schema: TSchema): string {
  if (schema['duration'] === true) return 'duration'
  const choices = choicesOf(schema)
  if (choices !== undefined) return choices.join(' | ')
  return schema['type'] === 'array' ? 'list' : String(schema['type'])
}
