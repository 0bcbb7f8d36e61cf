// Messages are checked against their contract on arrival. A validator is compiled once a schema and kept with it.
import type { TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { createError } from '@slipway/contracts'

const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>()
/** An undeclared key of a stranger may be long; the message stays readable. */
const reasonLimit = 200

function validatorOf(schema: TSchema): TypeCheck<TSchema> {
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const validator = TypeCompiler.Compile(schema)
  compiled.set(schema, validator)
  return validator
}

/** True if a value keeps to a schema. */
export function fits(schema: TSchema, value: unknown): boolean {
  return validatorOf(schema).Check(value)
}

/** @throws BUS_INVALID_PAYLOAD with the place of the first breach; values never stand in it, they may be secret */
export function assertFits(schema: TSchema, value: unknown, subject: string): void {
  const validator = validatorOf(schema)
  if (validator.Check(value)) return
  const first = validator.Errors(value).First()
  const reason = first === undefined ? 'it does not match' : `${first.path || '/'} ${first.message}`
  throw createError('BUS_INVALID_PAYLOAD', [subject, reason.slice(0, reasonLimit)])
}
