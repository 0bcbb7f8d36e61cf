// Examples of whole answers, made of the examples of their keys: no key can be forgotten, none can be one too many.
import type { TSchema } from '@sinclair/typebox'
import type { HttpAnswer } from './operation.ts'

/**
 * A value that a schema describes: the first of its `examples`; else its constant or first choice; of objects all keys,
 * of lists one entry; else what is empty of its type.
 */
export function sampleOf(schema: TSchema): unknown {
  const { examples, properties, items, anyOf, type } = schema
  if (Array.isArray(examples)) return examples[0]
  if (schema['const'] !== undefined) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  if (Array.isArray(anyOf)) return sampleOf(anyOf[0])
  if (type === 'array') return [sampleOf(items)]
  if (type === 'object') return sampleOfObject(properties)
  if (type === 'boolean') return true
  return type === 'integer' ? (schema['minimum'] ?? 0) : ''
}

function sampleOfObject(properties: Readonly<Record<string, TSchema>> = {}) {
  return Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, sampleOf(schema)]))
}

/** An answer with an example made of those of its keys. */
export const answer = (description: string, schema: TSchema): HttpAnswer => ({
  description,
  schema,
  example: sampleOf(schema),
})
