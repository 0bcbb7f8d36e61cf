// Holds answers of the API against its own description (/api/v1/openapi.json): whatever a journey is told, a client
// generated from the description must be able to read.
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js'

interface MediaType {
  readonly schema: AnySchema
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { value: unknown }>>
}
type Content = Readonly<Record<string, MediaType>>
interface Answers {
  readonly [status: string]: { readonly content?: Content }
}
interface Operation {
  readonly requestBody?: { readonly content: Content }
  readonly responses: Answers
}

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: unknown
}

/** An answer as it came. `body`: the value of JSON, undefined if there is no body; of another type not looked at. */
export interface GivenAnswer {
  readonly status: number
  readonly contentType: string | null
  readonly body: unknown
}

export interface HeldDescription {
  /** Throws if an answer is not as described. @param path as it was asked, with or without a query */
  hold(method: string, path: string, answer: GivenAnswer): void
  /** What is wrong with the examples of the description itself: they must be as it says. */
  faultsOfExamples(): string[]
}

/** Every object of the description is closed here, so that a key nobody described is found. */
export function holdAgainst(description: Description): HeldDescription {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(closed({ $id: 'api', components: description.components }) as AnySchema)
  const templates = Object.keys(description.paths).map((template) => ({ template, regex: regexOf(template) }))
  const compiled = new Map<string, ValidateFunction>()
  /** @returns '' if the value is as the schema says */
  function faults(schema: AnySchema, value: unknown): string {
    const key = JSON.stringify(schema)
    const validate = compiled.get(key) ?? ajv.compile(closed(absolute(schema)) as AnySchema)
    compiled.set(key, validate)
    return validate(value) ? '' : ajv.errorsText(validate.errors, { dataVar: 'answer' })
  }
  return {
    hold(method, path, { status, contentType, body }) {
      if (method === 'HEAD') return
      const operation = operationOf(description, templates, method, pathOf(path))
      const described = operation?.responses[status]
      const type = contentType?.split(';')[0] ?? ''
      if (operation !== undefined && described === undefined) {
        throw new Error(`${method} ${path} is not described to answer ${status}: ${JSON.stringify(body)}`)
      }
      const content = described?.content
      if (type === JSON_TYPE) {
        const found = faults(content?.[JSON_TYPE]?.schema ?? failureReference, body)
        if (found === '') return
        throw new Error(`${method} ${path} ${status} is not as described: ${found}\n${JSON.stringify(body)}`)
      }
      const isKnown = type === '' ? described !== undefined && content === undefined : content?.[type]
      if (!isKnown) throw new Error(`${method} ${path} ${status} is not described as '${type}'`)
    },
    faultsOfExamples: () =>
      examplesOf(description).flatMap(({ what, schema, example }) => {
        const found = faults(schema, example)
        return found === '' ? [] : [`${what}: ${found}`]
      }),
  }
}

const JSON_TYPE = 'application/json'

function examplesOf({ paths }: Description) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  )
  return operations.flatMap(({ name, operation }) => {
    const contents: [string, Content | undefined][] = [
      [`${name}, request`, operation.requestBody?.content],
      ...Object.entries(operation.responses).map(([status, { content }]): [string, Content | undefined] => [
        `${name}, ${status}`,
        content,
      ]),
    ]
    return contents.flatMap(([what, content]) => {
      const { schema, example, examples } = content?.[JSON_TYPE] ?? { schema: true }
      const values = Object.values(examples ?? {}).map(({ value }) => value)
      const all = example === undefined ? values : [...values, example]
      return all.map((each) => ({ what, schema, example: each }))
    })
  })
}

/** Fetches the description of the API at a URL when it is first needed; tried again while the server is away. */
export function describedAt(url: string): () => Promise<HeldDescription> {
  let known: HeldDescription | undefined
  return async () => {
    if (known !== undefined) return known
    const response = await fetch(`${url}/api/v1/openapi.json`)
    known = holdAgainst((await response.json()) as Description)
    return known
  }
}

/** Sends a request below a URL, as fetch does, and holds what is answered. The answer can still be read. */
export function heldFetchAt(url: string): (path: string, init?: RequestInit) => Promise<Response> {
  const description = describedAt(url)
  return async (path, init = {}) => {
    const { hold } = await description()
    const response = await fetch(`${url}${path}`, init)
    const contentType = response.headers.get('content-type')
    const isJson = contentType?.startsWith(JSON_TYPE) === true
    const body: unknown = isJson ? await response.clone().json() : undefined
    hold(init.method ?? 'GET', path, { status: response.status, contentType, body })
    return response
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

/** As fetch sends it: without `..`, also if that is written as `%2e%2e`. */
const pathOf = (path: string) => new URL(path, 'http://slipway').pathname

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
