// What agents and devices fetch: `/download` is no part of the API below /api/v1 and has answers of its own. Source:
// distribution guide, "Get distribution (File download)"; REST contract, section 7.
import { Type } from '@sinclair/typebox'
import { downloadPrefix } from '../distribution.ts'
import { failure, text } from './http-shapes.ts'
import type { HttpAnswer, HttpOperation, HttpParameter } from './operation.ts'

const byName = `${downloadPrefix}/{directory}/{file}`
const byLink = `${downloadPrefix}/link/{token}/{file}`
const part = (description: string, example: string): HttpParameter => ({
  description: `${description} Letters, digits, - . _`,
  schema: Type.String(),
  required: true,
  example,
})
const file = part('Name of the file, ending in .zip, .gz or .tgz.', 'agent-2.1.tgz')
const names = { directory: part('Directory of the store.', 'im2-agent'), file }
const link = {
  token: part('What a link was made with.', 'Zk1cV2xkQ0x0b1hZ3dQm8s7TnE4Jr5uBaKfHyPqWv6I'),
  file: part('One of the files the link is for.', 'agent-2.1.tgz'),
}

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const validators = {
  ETag: `"${SHA256}"`,
  'Last-Modified': 'Wed, 01 Jun 2016 15:15:00 GMT',
  'Repr-Digest': 'sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:',
  'Accept-Ranges': 'bytes',
}
const fileHeaders = {
  ...validators,
  'Content-Length': '48210344',
  'Content-Disposition': 'attachment; filename="agent-2.1.tgz"',
  'X-Content-Type-Options': 'nosniff',
}
const partHeaders = {
  ...fileHeaders,
  'Content-Length': '48209344',
  'Content-Range': 'bytes 1000-48210343/48210344',
}

const header = (description: string, example: string): HttpParameter => ({
  description,
  schema: text(description, example),
  example,
})
const conditions = {
  'If-Match': header('412 unless it is this file still.', `"${SHA256}"`),
  'If-None-Match': header('304 if it is this file still.', `"${SHA256}"`),
  'If-Modified-Since': header('304 if it is not newer.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
  'If-Unmodified-Since': header('412 if it is newer.', 'Wed, 01 Jun 2016 15:15:00 GMT'),
}
const ranges = {
  Range: header('One range of bytes; several are answered with the whole file.', 'bytes=1000-'),
  'If-Range': header('The whole file if it is another one by now.', `"${SHA256}"`),
}

const content = Type.String({ format: 'binary', description: 'The content of the file.' })
/** Whatever the request accepts. Links also give out software of routers. */
const archive = ['application/zip', 'application/x-gzip']
const anything = [...archive, 'application/octet-stream']

const failures = {
  412: failure('It is another file by now.', 'Precondition Failed'),
  429: {
    ...failure('Too many failed logins.', 'Too many failed logins. Try again in 42 seconds.'),
    headers: { 'Retry-After': '42' },
  },
  503: {
    ...failure('A service cannot be reached in time.', 'The service is unavailable. Try again later.'),
    headers: { 'Retry-After': '2' },
  },
} satisfies Record<number, HttpAnswer>
const forbidden = failure('Not authenticated, without a challenge.', 'Forbidden')
const forbiddenLink = failure('The link is unknown, expired or used up.', 'Forbidden')
const notFound = failure('There is no such file, or it breaks a rule.', 'Not Found')

/** GET has bodies, HEAD the same without them; a Range of a HEAD has no meaning. */
function bothMethods(
  common: Pick<HttpOperation, 'path' | 'summary' | 'description' | 'permission' | 'params'>,
  [get, head]: readonly [string, string],
  mediaTypes: readonly string[],
  refused: HttpAnswer,
): HttpOperation[] {
  const shared = { ...common, tag: 'Distributions', isComplete: true } as const
  const answers: Record<number, HttpAnswer> = {
    304: { description: 'It is the same still.', headers: validators },
    403: refused,
    404: notFound,
    ...failures,
  }
  const whole = { description: 'The file.', headers: fileHeaders }
  return [
    {
      ...shared,
      method: 'get',
      id: get,
      headers: { ...conditions, ...ranges },
      answers: {
        200: { ...whole, schema: content, mediaTypes },
        206: { description: 'The range.', schema: content, mediaTypes, headers: partHeaders },
        ...answers,
        416: {
          ...failure('The range begins behind the end.', 'Range Not Satisfiable'),
          headers: { 'Content-Range': 'bytes */48210344' },
        },
      },
    },
    {
      ...shared,
      method: 'head',
      id: head,
      summary: `${common.summary}: headers only`,
      headers: conditions,
      answers: {
        200: whole,
        ...Object.fromEntries(
          Object.entries(answers).map(([status, { schema: _body, example: _its, ...rest }]) => [
            status,
            rest,
          ]),
        ),
      },
    },
  ]
}

export const downloadOperations: readonly HttpOperation[] = [
  ...bothMethods(
    {
      path: byName,
      summary: 'Fetch a file',
      description:
        'Credentials as everywhere; what is not authenticated is answered 403, without a challenge.',
      permission: 'read',
      params: names,
    },
    ['downloadDistribution', 'headDistribution'],
    archive,
    forbidden,
  ),
  ...bothMethods(
    {
      path: byLink,
      summary: 'Fetch a file by a link',
      description:
        'A download that broke may go on: a range that does not begin with the first byte is not another use.',
      permission: 'public',
      params: link,
    },
    ['downloadByLink', 'headByLink'],
    anything,
    forbiddenLink,
  ),
]
