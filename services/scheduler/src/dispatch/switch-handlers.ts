// What users may ask about dispatch switches.
import type { Bus, Registration } from '@slipway/bus'
import { createError, schedulerMessages } from '@slipway/contracts'
import type { SwitchService } from './switch-service.ts'

export function serveSwitches(bus: Pick<Bus, 'serve'>, switches: SwitchService): Registration[] {
  return [
    bus.serve(schedulerMessages.listSwitches, async () => ({ rows: await switches.list() })),
    bus.serve(schedulerMessages.setSwitches, async ({ rows }, { caller, requestId }) => {
      if (caller === undefined) throw createError('AUTH_NOT_AUTHORIZED')
      return { rows: await switches.set(rows, { user: caller.username, requestId }) }
    }),
  ]
}
