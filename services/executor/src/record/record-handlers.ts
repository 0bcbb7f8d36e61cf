import type { Bus, Registration } from '@slipway/bus'
import { executorMessages } from '@slipway/contracts'
import type { FollowJob } from './record-service.ts'

/** Answers what is new in the record of a job. */
export function serveRecords(bus: Pick<Bus, 'serve'>, follow: FollowJob): Registration[] {
  return [bus.serve(executorMessages.followJob, follow)]
}
