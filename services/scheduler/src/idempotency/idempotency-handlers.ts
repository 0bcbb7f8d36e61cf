// What the bus may ask about answers to repeated requests.
import type { Bus, Registration, RequestMeta } from '@slipway/bus'
import { createError, schedulerMessages } from '@slipway/contracts'
import type { Idempotency } from './idempotency-service.ts'

export function serveIdempotency(bus: Pick<Bus, 'serve'>, idempotency: Idempotency): Registration[] {
  return [
    bus.serve(schedulerMessages.findAnswer, async (request, meta) => {
      const first = await idempotency.find({ ...request, username: usernameOf(meta) })
      return first === undefined ? {} : { first }
    }),
    bus.serve(schedulerMessages.recordRefusal, async ({ rows, ...request }, meta) => ({
      first: await idempotency.recordRefusal({ ...request, username: usernameOf(meta) }, rows),
    })),
  ]
}

function usernameOf({ caller }: RequestMeta): string {
  if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
  return caller.username
}
