// What the bus says of watched jobs: that there is more to read. It may be lost, so nothing depends on it but speed.
import type { Bus, Registration } from '@slipway/bus'
import { executorEvents, schedulerEvents } from '@slipway/contracts'
import type { JobFeed } from './job-feed.ts'

/** @param feedOf the feed of a job, if it is watched here */
export function hearHints(
  bus: Pick<Bus, 'subscribe'>,
  feedOf: (jobId: number) => JobFeed | undefined,
): Registration[] {
  return [
    bus.subscribe(schedulerEvents.jobsChanged, ({ jobIds }) => {
      for (const jobId of jobIds) feedOf(jobId)?.stateChanged()
    }),
    bus.subscribe(executorEvents.jobsNoted, ({ jobIds }) => {
      for (const jobId of jobIds) feedOf(jobId)?.recordChanged()
    }),
    bus.subscribe(executorEvents.runCancelled, ({ jobId }) => feedOf(jobId)?.recordChanged()),
    bus.subscribe(executorEvents.runProgressed, ({ jobId, submission, message, percent }) =>
      feedOf(jobId)?.progressed(submission, message, percent),
    ),
  ]
}
