import { type TSchema, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import t from 'tap'
import * as contracts from '../src/index.ts'

/** `slipway.rpc.inventory.v1.host.upsert`: kind first, identity last. */
const SUBJECT = /^slipway\.(rpc|evt)\.([a-z]+)\.v1\.([a-z]+(?:-[a-z]+)*)\.([a-z]+(?:-[a-z]+)*)$/

interface Message {
  name: string
  subject: string
  kind: 'rpc' | 'delivery' | 'event'
  service?: contracts.Context
  schemas: TSchema[]
  timeoutMs?: number
  permission?: string
}

/** Every message of every exported table (`…Messages`, `…Deliveries`, `…Events`). */
const messages: Message[] = Object.entries(contracts)
  .filter(([table]) => /(Messages|Deliveries|Events)$/.test(table))
  .flatMap(([table, members]) =>
    Object.entries(members as Record<string, Record<string, unknown>>).map(([name, member]) => {
      const { request, reply, payload, ...rest } = member
      const kind = payload === undefined ? 'rpc' : 'service' in member ? 'delivery' : 'event'
      const schemas = [request, reply, payload].filter((schema) => schema !== undefined)
      return { ...rest, name: `${table}.${name}`, kind, schemas } as Message
    }),
  )

t.test('the messages of all contexts are seen', async (t) => {
  t.same([...new Set(messages.map(({ kind }) => kind))].sort(), ['delivery', 'event', 'rpc'])
  t.ok(messages.length > 30, `${messages.length} messages`)
  for (const context of ['auth', 'inventory', 'scheduler', 'executor']) {
    t.ok(
      messages.some(({ subject }) => subject.includes(`.${context}.`)),
      context,
    )
  }
})

t.test('every subject keeps to the grammar', async (t) => {
  const known: readonly string[] = contracts.contexts
  for (const { name, subject, kind, service } of messages) {
    const [, subjectKind, context = ''] = SUBJECT.exec(subject) ?? []
    t.equal(subjectKind, kind === 'event' ? 'evt' : 'rpc', `${name}: ${subject}`)
    t.ok(known.includes(context), `${name}: ${context} is a context`)
    if (service !== undefined) t.equal(context, service, `${name}: the subject names its service`)
  }
})

t.test('no two messages share a subject', async (t) => {
  const subjects = messages.map(({ subject }) => subject)
  t.same([...new Set(subjects)].sort(), [...subjects].sort())
})

t.test('every question has a deadline and a permission of the table', async (t) => {
  for (const { name, kind, timeoutMs = 0, permission = '' } of messages) {
    if (kind !== 'rpc') continue
    t.ok(timeoutMs >= 1_000 && timeoutMs <= 120_000, `${name}: ${timeoutMs} ms`)
    t.ok(
      permission === 'internal' || Object.hasOwn(contracts.permissions, permission),
      `${name}: ${permission}`,
    )
  }
})

/** Objects of a schema that let undeclared keys pass, by path. */
function openObjects(schema: TSchema, path: string): string[] {
  const inner: [string, TSchema][] = []
  for (const [key, member] of Object.entries(schema['properties'] ?? {})) inner.push([key, member as TSchema])
  if (schema['items'] !== undefined) inner.push(['[]', schema['items']])
  for (const member of schema['anyOf'] ?? []) inner.push(['|', member])
  const open = schema['type'] === 'object' && schema['additionalProperties'] !== false ? [path] : []
  return [...open, ...inner.flatMap(([key, member]) => openObjects(member, `${path}/${key}`))]
}

t.test('a schema compiles, and refuses what nobody declared', async (t) => {
  // An error body may gain keys; a caller is read from a header that only the gateway writes.
  const exempt = /\/error$|verifyCredentials/
  for (const { name, schemas } of messages) {
    for (const schema of schemas) {
      t.ok(TypeCompiler.Compile(schema))
      t.same(
        openObjects(schema, name).filter((path) => !exempt.test(path)),
        [],
      )
    }
  }
})

t.test('a choice takes its values and no other', async (t) => {
  const choice = TypeCompiler.Compile(contracts.oneOf(['active', 'inactive']))
  t.ok(choice.Check('active'))
  t.ok(choice.Check('inactive'))
  for (const value of ['Active', '', 'active ', 1, null, undefined, ['active']]) t.notOk(choice.Check(value))
})

t.test('a cleared value is null, a kept one is absent', async (t) => {
  const row = TypeCompiler.Compile(contracts.strict({ roles: contracts.Clearable(contracts.Text) }))
  for (const value of [{}, { roles: null }, { roles: '' }, { roles: 'PE' }]) t.ok(row.Check(value))
  for (const value of [{ roles: 1 }, { roles: [] }, { role: 'PE' }]) t.notOk(row.Check(value))
})

t.test('a delivery travels as a question that says whether it is recorded', async (t) => {
  const delivery = contracts.defineDelivery(
    'inventory',
    'host.record',
    contracts.strict({ n: Type.Integer() }),
  )
  const rpc = contracts.deliveryRpc(delivery)
  t.equal(rpc.subject, 'slipway.rpc.inventory.v1.host.record')
  t.equal(rpc.permission, 'internal')
  const request = TypeCompiler.Compile(rpc.request)
  t.ok(request.Check({ deliveryId: 'd1', payload: { n: 1 } }))
  t.notOk(request.Check({ deliveryId: '', payload: { n: 1 } }))
  t.notOk(request.Check({ deliveryId: 'd1', payload: { n: 1, more: 1 } }))
  const reply = TypeCompiler.Compile(rpc.reply)
  t.ok(reply.Check({ recorded: true }))
  t.notOk(reply.Check({ recorded: false }))
})
