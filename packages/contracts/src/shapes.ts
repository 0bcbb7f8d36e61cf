// Schema pieces that messages share. Messages are strict: a key nobody declared is refused on arrival.
import { type Static, type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { ErrorBodySchema } from './error-schema.ts'

/** An object that refuses undeclared keys. */
export const strict = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false })

/** One of a list of strings. A union of literals: TypeBox does not look at the keyword `enum`. */
export const oneOf = <const V extends readonly string[]>(values: V) =>
  Type.Unsafe<V[number]>(Type.Union(values.map((value) => Type.Literal(value))))

/** Row id of the inventory: a UUID. */
export const Id = Type.String({ minLength: 36, maxLength: 36 })
/** Job id: a positive integer that is never reused. */
export const JobId = Type.Integer({ minimum: 1 })
/** A moment, ISO 8601 in UTC (`2026-11-21T08:00:00.000Z`). */
export const Moment = Type.String({ minLength: 20, maxLength: 30 })
/** A text without a length of its own. */
export const Text = Type.String()
/** A secret sealed with the master key (packages/secrets). */
export const Sealed = Type.String({ minLength: 1, maxLength: 4_000 })

/** Result of one row of a bulk change: the key of the row, and an error if it failed. */
export const RowResult = strict({ key: Text, error: Type.Optional(ErrorBodySchema) })
export type RowResult = Static<typeof RowResult>

/** Results in request order. */
export const RowResults = strict({ rows: Type.Array(RowResult) })

/** An empty message. */
export const Nothing = strict({})

/** A value that may be cleared: absent keeps it, null clears it. */
export const Clearable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))
