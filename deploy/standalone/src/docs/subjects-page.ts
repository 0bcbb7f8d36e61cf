// docs/subjects.md: everything that travels between services, from the contracts; what a message means is the
// comment above its declaration.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Delivery, EventDefinition, Rpc } from '@slipway/contracts'
import * as contracts from '@slipway/contracts'
import { code, page, prose, table } from './markdown.ts'

const sources = fileURLToPath(new URL('../../../../packages/contracts/src/', import.meta.url))
/** `AUTH_THROTTLED` */
const ERROR_CODE = /\b[A-Z]+(?:_[A-Z]+)+\b/g
/** A comment, then a declaration on the next line: a key, then `defineRpc('auth', 'key.list', …`. */
const DECLARATION = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\w+: define\w+\(\s*'([\w-]+)',\s*'([\w.-]+)'/g

const about = `PostgreSQL is the record, the bus carries and wakes. Payloads are declared in \`packages/contracts/src\` and checked on
arrival; subjects are built there and nowhere else. Permissions: the table in \`packages/contracts/src/permissions.ts\`;
_internal_ messages go between services, without a user.`

const kinds = {
  questions: 'One replica of the service answers within the deadline; errors come back as errors.',
  deliveries:
    'Must arrive: sent from an outbox until the receiver has recorded them, stored by id, so that twice is once.',
  events: 'Facts for whoever listens. They may be lost: hints, never the record.',
}

/** The page. */
export function subjectsPage(): string {
  const meanings = readMeanings()
  const what = (subject: string) =>
    prose(withCodes(meanings.get(subject.replace(/^slipway[.]\w+[.]/, '')) ?? ''))
  const rpcs = messages<Rpc>('Messages').map((rpc) => [
    code(rpc.subject),
    rpc.service,
    rpc.permission,
    `${rpc.timeoutMs / 1_000} s`,
    what(rpc.subject),
  ])
  const deliveries = messages<Delivery>('Deliveries').map(({ subject, service }) => [
    code(subject),
    service,
    what(subject),
  ])
  const events = messages<EventDefinition>('Events').map(({ subject }) => [
    code(subject),
    subject.split('.')[2] ?? '',
    what(subject),
  ])
  return page('Subjects', [
    about,
    `## Questions\n\n${kinds.questions}`,
    table(['subject', 'service', 'permission', 'deadline', 'what'], rpcs),
    `## Deliveries\n\n${kinds.deliveries}`,
    table(['subject', 'receiver', 'what'], deliveries),
    `## Events\n\n${kinds.events}`,
    table(['subject', 'sender', 'what'], events),
  ])
}

/** What the contracts export under `<context>Messages`, `<context>Deliveries`, `<context>Events`, by subject. */
function messages<T extends { readonly subject: string }>(ending: string): T[] {
  return Object.entries(contracts)
    .filter(([name]) => name.endsWith(ending))
    .flatMap(([, group]) => Object.values(group as Record<string, T>))
    .sort((a, b) => (a.subject < b.subject ? -1 : 1))
}

const withCodes = (text: string): string => text.replace(ERROR_CODE, '`$&`')

/** By `<context>.v1.<name>`. */
function readMeanings(): Map<string, string> {
  const meanings = new Map<string, string>()
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.ts'))) {
    for (const [, comment = '', context, name] of readFileSync(sources + file, 'utf8').matchAll(
      DECLARATION,
    )) {
      meanings.set(`${context}.v1.${name}`, comment.replace(/\n\s*\*\s*/g, '\n').trim())
    }
  }
  return meanings
}
