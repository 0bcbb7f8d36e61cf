// What executors may ask, deliver and tell.
import type { Bus, Registration } from '@slipway/bus'
import { executorEvents, schedulerDeliveries, schedulerMessages } from '@slipway/contracts'
import type { Progress } from './progress.ts'
import type { RunService } from './run-service.ts'

export function serveRuns(
  bus: Pick<Bus, 'serve' | 'receive' | 'subscribe'>,
  runs: RunService,
  progress: Progress,
): Registration[] {
  return [
    bus.serve(schedulerMessages.claimRuns, (claim) => runs.claim(claim)),
    bus.serve(schedulerMessages.confirmRuns, async ({ rows }) => ({ rows: await runs.confirm(rows) })),
    // Needs no inbox: a job takes one result per submission, so twice is once.
    bus.receive(schedulerDeliveries.recordResults, (_deliveryId, { results }) => runs.recordResults(results)),
    bus.subscribe(executorEvents.runProgressed, (progressed) => progress.hear(progressed)),
  ]
}
