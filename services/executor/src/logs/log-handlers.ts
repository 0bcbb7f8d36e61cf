import type { Bus, Registration } from '@slipway/bus'
import { executorMessages } from '@slipway/contracts'
import { archiveNames } from './log-names.ts'
import type { LogStore } from './log-store.ts'
import type { LogTickets } from './log-tickets.ts'

/** Answers which session logs a job has, under the names they have in the archive, and who may fetch them. */
export function serveLogs(bus: Pick<Bus, 'serve'>, logs: LogStore, tickets: LogTickets): Registration[] {
  return [
    bus.serve(executorMessages.describeLogs, async ({ jobId }) => {
      const files = await logs.list(jobId)
      return { files: archiveNames(files).map(({ file, name }) => ({ name, size: file.size })) }
    }),
    bus.serve(executorMessages.openLogs, async ({ jobId }) => ({ ticket: tickets.issue(jobId) })),
  ]
}
