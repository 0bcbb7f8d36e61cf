import type { RequestMeta } from '@slipway/bus'
import { createError } from '@slipway/contracts'

/** The name of the user for whom it is asked. Error: AUTH_NOT_AUTHORIZED (the bus lets no such request through). */
export function callerName({ caller }: RequestMeta): string {
  if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
  return caller.username
}
