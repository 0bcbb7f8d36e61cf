// Pieces that the descriptions of the HTTP API share: texts with examples, the envelope, rows and their results.
// Objects are open: the contract lets later versions add keys (REST contract, introduction).
import { type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import type { HttpAnswer, HttpBody, HttpParameter } from './operation.ts'

/** A text, with what it means and what it may look like. */
export const text = (description: string, example = '', options: Readonly<Record<string, unknown>> = {}) =>
  Type.String({ description, ...(example === '' ? {} : { examples: [example] }), ...options })

/** A number without fraction. */
export const integer = (description: string, example: number) =>
  Type.Integer({ description, examples: [example] })

/** One of some texts. */
export const choice = (description: string, values: readonly string[], example = '') =>
  Type.Unsafe<string>({
    type: 'string',
    enum: [...values],
    description,
    ...(example === '' ? {} : { examples: [example] }),
  })

/** A list of texts. */
export const texts = (description: string, example: readonly string[]) =>
  Type.Array(Type.String(), { description, examples: [[...example]] })

/** What the guide calls comma delimited: such a text, or a list. Source: REST contract, section 1. */
export const delimited = (description: string, example: string) =>
  Type.Union([Type.String(), Type.Array(Type.Union([Type.String(), Type.Integer()]))], {
    description: `${description} Comma delimited, or a list.`,
    examples: [example],
  })

/** A schema with a name of its own in the description (`#/components/schemas/<name>`). */
export const named = <S extends TSchema>(name: string, schema: S): S => ({ ...schema, $id: name })

/** The success envelope. `siblings` stand beside `api_response` (pages). */
export const envelope = (value: TSchema, siblings: TProperties = {}): TObject =>
  Type.Object({ api_response: value, ...siblings })

/** The envelope of a list. */
export const listOf = (key: string, row: TSchema, siblings: TProperties = {}): TObject =>
  envelope(Type.Object({ [key]: Type.Array(row) }), siblings)

/** A request that failed as a whole. */
export const Failure = named(
  'Failure',
  envelope(
    Type.Object({
      status: Type.Literal('FAILED'),
      status_message: text('What is wrong, for people.', "Host 'R1' does not exist in the database."),
    }),
  ),
)

export const failure = (description: string, message: string): HttpAnswer => ({
  description,
  schema: Failure,
  example: { api_response: { status: 'FAILED', status_message: message } },
})

/** What a request with rows is answered when there are too many. */
export const tooLarge = failure(
  'More than 10,000 rows or 16 MiB.',
  'The request is too large: more than 10000 rows.',
)

const rowStatus = {
  status: choice('How this row went.', ['SUCCESS', 'FAILED']),
  status_message: Type.Optional(text('Why it failed.', "Missing JSON key: 'region'.")),
}

/** Answers of a request with rows: all good 200, some failed 207, all failed or refused as a whole 400. */
export function rowAnswers(listKey: string, keys: TProperties, good: Readonly<Record<string, unknown>>) {
  const rows = listOf(listKey, Type.Object({ ...rowStatus, ...keys }))
  const bad = { ...good, status: 'FAILED', status_message: "The following key, 'colour', is invalid." }
  const example = (...list: unknown[]) => ({ api_response: { [listKey]: list } })
  return {
    200: { description: 'Every row was stored.', schema: rows, example: example(good) },
    207: {
      description: 'Some rows failed; the others were stored.',
      schema: rows,
      example: example(good, bad),
    },
    400: {
      description: 'Every row failed, or the request as a whole was refused. Nothing was stored.',
      schema: Type.Union([rows, Failure]),
      example: example(bad),
    },
    413: tooLarge,
  } satisfies Record<number, HttpAnswer>
}

/** The body of a request with rows: a list of objects, or one object. */
export const rowsBody = (
  description: string,
  row: TSchema,
  examples: Readonly<Record<string, unknown>>,
): HttpBody => ({
  description,
  schema: Type.Union([Type.Array(row, { minItems: 1, maxItems: 10_000 }), row]),
  required: true,
  examples,
})

/** `DELETE …/<name>/delete`. */
export const deletedAnswers = (key: string, kind: string, example: string) => ({
  200: {
    description: 'It is deleted.',
    schema: envelope(Type.Object({ status: Type.Literal('SUCCESS'), [key]: Type.String() })),
    example: { api_response: { status: 'SUCCESS', [key]: example } },
  },
  400: failure('It does not exist, or is in use.', `${kind} '${example}' does not exist in the database.`),
})

/** A parameter of a path. */
export const pathName = (description: string, example: string): HttpParameter => ({
  description: `${description} Percent-encoded, a \`/\` as \`%2F\`.`,
  schema: Type.String(),
  required: true,
  example,
})

/** The id of a job in a path. */
export const pathJob: HttpParameter = {
  description: 'Id of an installation job.',
  schema: Type.Integer({ minimum: 1 }),
  required: true,
  example: 118,
}

/** An optional parameter of a query. */
export const filter = (description: string, example: string | number): HttpParameter => ({
  description,
  schema: typeof example === 'number' ? Type.Integer({ minimum: 1 }) : Type.String({ minLength: 1 }),
  example,
})

/** The siblings of `api_response` in lists with pages. */
export const pages = {
  current_page: integer('This page, from 1.', 1),
  total_pages: integer('Number of pages, at least 1.', 1),
}
