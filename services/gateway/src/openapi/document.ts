// The OpenAPI 3.1 document, made from the operations in contracts. Named schemas become components.
import {
  type HttpAnswer,
  type HttpOperation,
  type HttpParameter,
  httpOperations,
  httpTags,
  permissions,
} from '@slipway/contracts'
import { commonAnswers } from './common-answers.ts'
import { createComponents, type JsonSchema } from './components.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** The description of the HTTP API. @param version of Slipway */
export function openApiDocument(version: string, operations = httpOperations): JsonObject {
  const components = createComponents()
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const path = paths[operation.path] ?? {}
    path[operation.method] = describe(operation, components.reference)
    paths[operation.path] = path
  }
  const used = new Set(operations.map(({ tag }) => tag))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Slipway',
      version,
      description:
        'Software manager for fleets of Cisco IOS XR routers. Compatible with the REST API of the Cisco Software ' +
        'Manager Server. Every answer below /api/v1 stands under `api_response`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: httpTags.filter((name) => used.has(name)).map((name) => ({ name })),
    security: [{ basic: [] }, { bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        basic: {
          type: 'http',
          scheme: 'basic',
          description: 'A token as user name (the password means nothing), or user name and password.',
        },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
      schemas: components.schemas,
    },
  }
}

type Reference = (schema: JsonSchema) => JsonSchema

function describe(operation: HttpOperation, reference: Reference): JsonObject {
  const { id, tag, summary, body, permission } = operation
  const parameters = parametersOf(operation, reference)
  const answers = { ...commonAnswers(operation), ...operation.answers }
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [operation.description, whoMay(permission)].filter(Boolean).join('\n\n'),
    ...(permission === 'public' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyOf(body, reference) }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, reference)]),
    ),
  }
}

function whoMay(permission: HttpOperation['permission']): string {
  if (permission === 'public') return 'No credentials are needed.'
  if (permission === 'anybody') return 'For every user.'
  return `For ${permissions[permission].join(', ')}.`
}

function parametersOf({ params, query, headers }: HttpOperation, reference: Reference): JsonObject[] {
  const places = [
    ['path', params],
    ['query', query],
    ['header', headers],
  ] as const
  return places.flatMap(([place, table]) =>
    Object.entries(table ?? {}).map(([name, parameter]) => parameterOf(place, name, parameter, reference)),
  )
}

function parameterOf(place: string, name: string, parameter: HttpParameter, reference: Reference) {
  const { description, required, schema, example } = parameter
  return {
    name,
    in: place,
    required: required ?? place === 'path',
    description,
    schema: reference(schema),
    ...(example === undefined ? {} : { example }),
  }
}

function bodyOf(body: NonNullable<HttpOperation['body']>, reference: Reference): JsonObject {
  const examples = Object.entries(body.examples ?? {}).map(([name, value]) => [name, { value }] as const)
  return {
    description: body.description,
    required: body.required,
    content: {
      [body.mediaType ?? 'application/json']: {
        schema: reference(body.schema),
        ...(examples.length === 0 ? {} : { examples: Object.fromEntries(examples) }),
      },
    },
  }
}

function answerOf({ description, schema, example, mediaTypes, headers }: HttpAnswer, reference: Reference) {
  const content =
    schema === undefined
      ? undefined
      : { schema: reference(schema), ...(example === undefined ? {} : { example }) }
  const types = mediaTypes ?? ['application/json']
  return {
    description,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(content === undefined ? {} : { content: Object.fromEntries(types.map((type) => [type, content])) }),
  }
}

function headersOf(headers: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(headers).map(([name, example]) => [name, { schema: { type: 'string' }, example }]),
  )
}
