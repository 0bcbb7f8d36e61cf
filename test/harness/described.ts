// Holds answers of the API against its own description (/api/v1/openapi.json): whatever a journey is told, a client
// generated from the description must be able to read.
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js'

interface Answers {
  readonly [status: string]: { readonly content?: Readonly<Record<string, { schema: AnySchema }>> }
}

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Answers }>>>>
  readonly components: unknown
}

/** Throws if an answer in JSON is not as described. @param path as it was asked, with or without a query */
export type HoldAnswer = (method: string, path: string, status: number, body: unknown) => void

/** Every object of the description is closed here, so that a key nobody described is found. */
export function holdAgainst(description: Description): HoldAnswer {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(closed({ $id: 'api', components: description.components }) as AnySchema)
  const templates = Object.keys(description.paths).map((template) => ({ template, regex: regexOf(template) }))
  const compiled = new Map<string, ValidateFunction>()
  return (method, path, status, body) => {
    const { pathname } = new URL(path, 'http://slipway')
    const operation = operationOf(description, templates, method, pathname)
    const schema = operation?.responses[status]?.content?.['application/json']?.schema ?? failureReference
    const key = JSON.stringify(schema)
    const validate = compiled.get(key) ?? ajv.compile(closed(absolute(schema)) as AnySchema)
    compiled.set(key, validate)
    if (validate(body)) return
    const faults = ajv.errorsText(validate.errors, { dataVar: 'answer' })
    throw new Error(`${method} ${path} ${status} is not as described: ${faults}\n${JSON.stringify(body)}`)
  }
}

/** What nobody described is a failure in the envelope (unknown paths, wrong methods, …). */
const failureReference = { $ref: '#/components/schemas/Failure' }

function operationOf(
  { paths }: Description,
  templates: readonly { template: string; regex: RegExp }[],
  method: string,
  pathname: string,
) {
  const fitting = templates.filter(({ regex }) => regex.test(pathname)).map(({ template }) => template)
  // `/install/delete` is itself, not an `/install/{id}`.
  const [best] = fitting.sort((a, b) => a.split('{').length - b.split('{').length)
  return best === undefined ? undefined : paths[best]?.[method.toLowerCase()]
}

function regexOf(template: string): RegExp {
  const pattern = template
    .split(/\{[^}]+\}/)
    .map((text) => text.replace(/[.*+?^$()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${pattern.join('[^/]+')}$`)
}

function absolute(schema: AnySchema): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/'))
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)] as const)
  const copy = Object.fromEntries(entries)
  const isOpenObject = copy['type'] === 'object' && typeof copy['properties'] === 'object'
  return isOpenObject && !('additionalProperties' in copy) && !('patternProperties' in copy)
    ? { ...copy, additionalProperties: false }
    : copy
}
