// Named schemas of the OpenAPI document: each stands once under components, everywhere else a reference to it.

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** Collects named schemas (those with `$id`) while others refer to them. */
export function createComponents() {
  const schemas: Record<string, JsonSchema> = {}
  const reference = (schema: JsonSchema): JsonSchema => {
    const { $id, ...rest } = schema
    if (typeof $id !== 'string') return walk(rest)
    schemas[$id] ??= walk(rest)
    return { $ref: `#/components/schemas/${$id}` }
  }
  const walk = (schema: JsonSchema): JsonSchema =>
    Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inside(key, value)]))
  const inside = (key: string, value: unknown): unknown => {
    // What stands here is data, not a schema.
    if (key === 'examples' || key === 'enum' || key === 'const' || key === 'required') return value
    if (key === 'properties') return mapValues(value as Record<string, JsonSchema>, reference)
    if (Array.isArray(value)) return value.map((entry: JsonSchema) => reference(entry))
    return typeof value === 'object' && value !== null ? reference(value as JsonSchema) : value
  }
  return { schemas, reference }
}

function mapValues<A, B>(table: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, map(value)]))
}
