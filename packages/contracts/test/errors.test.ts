import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import t from 'tap'
import {
  createError,
  type ErrorBody,
  ErrorBodySchema,
  type ErrorCode,
  type ErrorEntry,
  errorCatalogue,
  fillTemplate,
  fromErrorBody,
  hasCode,
  isErrorCode,
  isSlipwayError,
  toErrorBody,
} from '../src/index.ts'

const entries = Object.entries(errorCatalogue) as [ErrorCode, ErrorEntry][]
const holesOf = (template: string) => template.split('{}').length - 1
const params = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 })

t.test('a template is filled in order', async (t) => {
  t.equal(fillTemplate("Host '{}' does not exist.", ['R1']), "Host 'R1' does not exist.")
  t.equal(fillTemplate('{} and {}', [1, 'b']), '1 and b')
  t.equal(fillTemplate('{} and {}', ['a']), 'a and {}', 'what has no parameter stays')
  t.equal(fillTemplate('nothing', ['a']), 'nothing', 'what has no place is left out')
  t.equal(fillTemplate('{} {}', ['{}', 'b']), '{} b', 'a parameter is not a template')
  t.equal(fillTemplate('{}', ['$& $1 $$']), '$& $1 $$', 'nor a replacement pattern')
  t.equal(fillTemplate('{}{}', ['', 0]), '0')
})

t.test('filling keeps all of the template and all of the parameters', async (t) => {
  const pieces = fc.array(
    fc.string().filter((text) => !/[{}]/.test(text)),
    { minLength: 1, maxLength: 5 },
  )
  fc.assert(
    fc.property(pieces, fc.array(fc.string(), { minLength: 4, maxLength: 4 }), (texts, values) => {
      const expected = texts
        .map((text, index) => (index === 0 ? text : `${values[index - 1]}${text}`))
        .join('')
      return fillTemplate(texts.join('{}'), values) === expected
    }),
  )
  t.pass()
})

t.test('every entry of the catalogue is well formed', async (t) => {
  const kinds = new Set(['Input', 'Unauthenticated', 'NotAuthorized', 'NotFound', 'Conflict', 'TooLarge'])
  for (const kind of ['Throttled', 'Unavailable', 'Timeout', 'Internal']) kinds.add(kind)
  const owners =
    /^(INPUT|ROUTE|ROW|AUTH|INVENTORY|CATALOG|SCHEDULER|EXECUTOR|DISTRIBUTION|GATEWAY|DEVICE|BUS|INTERNAL)_[A-Z0-9]+(_[A-Z0-9]+)*$/
  for (const [code, entry] of entries) {
    t.match(code, owners, code)
    t.ok(kinds.has(entry.kind), `${code}: ${entry.kind}`)
    t.ok(entry.message.length > 0 && !/[\r\n]/.test(entry.message), `${code} has a message of one line`)
    t.notMatch(entry.message.replaceAll('{}', ''), /[{}]/, `${code}: braces only as places`)
  }
})

t.test('only what may pass by itself is retryable', async (t) => {
  for (const [code, { kind, retryable }] of entries) {
    // A conflict may end by itself (a host that is being deleted) or not (one that is in use).
    if (kind === 'Conflict') continue
    const passes = kind === 'Unavailable' || kind === 'Timeout' || kind === 'Throttled'
    t.equal(retryable, passes, code)
  }
})

t.test('every error travels and comes back the same', async (t) => {
  for (const [code, { message }] of entries) {
    const values = Array.from({ length: holesOf(message) }, (_, index) => `p${index}`)
    const error = createError(code, values)
    const body: ErrorBody = JSON.parse(JSON.stringify(toErrorBody(error)))
    t.ok(Value.Check(ErrorBodySchema, body), code)
    const back = fromErrorBody(body)
    const { kind, retryable } = error
    t.match(back, { code, kind, retryable, params: values, message: error.message })
    t.ok(isSlipwayError(back) && hasCode(back, code))
    t.notMatch(back.message, /\{\}/)
  }
  const codes = fc.constantFrom(...entries.map(([code]) => code))
  fc.assert(
    fc.property(codes, params, (code, values) => {
      const error = createError(code, values)
      const back = fromErrorBody(JSON.parse(JSON.stringify(toErrorBody(error))))
      return back.code === code && back.message === error.message
    }),
  )
})

t.test('an error that is not ours travels without its text', async (t) => {
  const foreign = [
    new Error('hunter2'),
    Object.assign(new Error('hunter2'), { code: 'ECONNREFUSED' }),
    'hunter2',
    null,
  ]
  const impostor = Object.assign(new Error('hunter2'), { code: 'INVENTORY_HOST_NOT_FOUND' })
  for (const error of [...foreign, impostor, undefined, { code: 'BUS_TIMEOUT', kind: 'Timeout' }]) {
    const body = toErrorBody(error)
    t.equal(body.code, 'INTERNAL_UNEXPECTED')
    t.notMatch(JSON.stringify(body), /hunter2/)
  }
})

t.test('a cause stays here', async (t) => {
  const cause = new Error('connection refused')
  const error = createError('BUS_UNAVAILABLE', [], cause)
  t.equal(error.cause, cause)
  t.notMatch(JSON.stringify(toErrorBody(error)), /refused/)
  t.notOk('cause' in createError('BUS_UNAVAILABLE'))
})

t.test('a code of a newer peer becomes an unexpected error that names it as its cause', async (t) => {
  const error = fromErrorBody({ code: 'CATALOG_NEW_ONE', message: 'later', params: [] })
  t.equal(error.code, 'INTERNAL_UNEXPECTED')
  t.match(error.cause, { message: 'CATALOG_NEW_ONE: later' })
  for (const code of ['toString', '__proto__', 'constructor', '', 1, undefined]) t.notOk(isErrorCode(code))
})

t.test('a body cannot change what its code means', async (t) => {
  const error = fromErrorBody({ code: 'AUTH_NOT_AUTHORIZED', message: 'You may', params: ['x'] })
  t.match(error, { message: 'Not Authorized', kind: 'NotAuthorized' })
})
