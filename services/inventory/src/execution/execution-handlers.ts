import type { Bus, Registration } from '@slipway/bus'
import { inventoryMessages } from '@slipway/contracts'
import type { ExecutionService } from './execution-service.ts'

/** Answers scheduler, gateway and executors. */
export function serveExecution(bus: Bus, execution: ExecutionService): Registration[] {
  return [
    bus.serve(inventoryMessages.resolveNames, (names) => execution.resolveNames(names)),
    bus.serve(inventoryMessages.resolveTarget, (request) => execution.resolveTarget(request)),
  ]
}
