import { Type } from '@sinclair/typebox'

/** Wire schema of an error, see ErrorBody. */
export const ErrorBodySchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  params: Type.Array(Type.Union([Type.String(), Type.Number()])),
})
