import { Validator } from '@seriousme/openapi-schema-validator'
import { type HttpOperation, httpOperations, permissions } from '@slipway/contracts'
import { systemClock } from '@slipway/service-kit'
import t from 'tap'
import { openApiDocument } from '../src/openapi/document.ts'
import { apiRoutes } from '../src/service.ts'
import { build } from './fixture.ts'

const templateOf = (path: string) => `/api/v1${path.replace(/:(\w+)/g, '{}')}`
const keyOf = ({ method, path }: HttpOperation) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '{}')}`

t.test('the document is valid OpenAPI 3.1', async (t) => {
  const validator = new Validator()
  const result = await validator.validate(structuredClone(openApiDocument('1.2.3')))
  t.same(result, { valid: true })
  t.equal(validator.version, '3.1')
})

t.test('every route is described, with who may and its parameters, and nothing else', async (t) => {
  const backend = { ask: () => Promise.reject(new Error('nobody is asked')) }
  const described = new Map(httpOperations.map((operation) => [keyOf(operation), operation]))
  for (const route of apiRoutes(backend, systemClock, 'http://localhost:5000')) {
    const key = `${route.method} ${templateOf(route.path)}`
    const operation = described.get(key)
    if (operation === undefined) {
      t.fail(`${key} is not described in packages/contracts/src/http`)
      continue
    }
    t.equal(operation.permission, route.permission, `${key}: permission`)
    t.same(Object.keys(operation.query ?? {}).sort(), [...(route.query ?? [])].sort(), `${key}: query`)
    t.equal(Object.keys(operation.params ?? {}).length, route.path.split(':').length - 1, `${key}: path`)
  }
})

t.test('every described operation exists: none is answered with 404 or 405', async (t) => {
  const { ask } = await build(t)
  for (const { method, path } of httpOperations) {
    const answer = await ask(method.toUpperCase(), path.replace(/\{\w+\}/g, '1'), { auth: undefined })
    t.notOk([404, 405].includes(answer.status), `${method} ${path} answers ${answer.status}`)
  }
})

t.test('every operation says who may, has its own id and an example for what it takes', async (t) => {
  const ids = httpOperations.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  for (const { permission, id, body } of httpOperations) {
    t.ok(permission === 'public' || permission === 'anybody' || permission in permissions, id)
    if (body !== undefined && body.mediaType === undefined)
      t.ok(Object.keys(body.examples ?? {}).length > 0, id)
  }
})

t.test('every answer and every parameter has an example, but for files', async (t) => {
  type Content = Record<string, { schema: { format?: string }; example?: unknown }>
  interface Described {
    parameters?: { name: string; example?: unknown }[]
    responses: Record<string, { content?: Content }>
  }
  const paths = openApiDocument('1.2.3')['paths'] as Record<string, Record<string, Described>>
  const lacking = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [], responses }]) => [
      ...parameters.flatMap(({ name, example }) =>
        example === undefined ? [`${method} ${path} ${name}`] : [],
      ),
      ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.values(content).flatMap(({ schema, example }) =>
          example === undefined && schema.format !== 'binary' ? [`${method} ${path} ${status}`] : [],
        ),
      ),
    ]),
  )
  t.same(lacking, [])
})

t.test('every operation may fail unexpectedly, and each that takes JSON may be sent too much', async (t) => {
  type Described = { requestBody?: { content: object }; responses: Record<string, unknown> }
  const paths = openApiDocument('1.2.3')['paths'] as Record<string, Record<string, Described>>
  const lacking = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody, responses }]) => {
      const takesJson = 'application/json' in (requestBody?.content ?? {})
      const wanted = takesJson ? ['413', '500'] : ['500']
      return wanted.flatMap((status) => (status in responses ? [] : [`${method} ${path} ${status}`]))
    }),
  )
  t.same(lacking, [])
})

t.test('description and browser need no credentials and load nothing from elsewhere', async (t) => {
  const { ask } = await build(t)
  const answer = await ask('GET', '/api/v1/openapi.json', { auth: undefined })
  t.equal(answer.status, 200)
  t.match(answer.json, { openapi: '3.1.0', info: { title: 'Slipway' } })
  const page = await ask('GET', '/docs/', { auth: undefined })
  t.equal(page.status, 200)
  t.match(page.headers['content-type'], /text\/html/)
  t.match(page.headers['content-security-policy'], /default-src 'self'/)
  t.notMatch(page.text, /(src|href)="https?:/)
  const script = await ask('GET', '/docs/static/swagger-ui-bundle.js', { auth: undefined })
  t.equal(script.status, 200)
  t.equal((await ask('GET', '/docs', { auth: undefined })).status, 200)
  t.equal((await ask('GET', '/docs/static/..%2f..%2fpackage.json', { auth: undefined })).status, 404)
})
