// Tickets for session logs. In the cluster the gateway fetches their bytes over HTTP, from any executor. Permission
// is asked on the bus, where callers are known (docs/adr/0007); the ticket carries the answer: job and end, signed
// with a key that executors derive from the master key.
import type { Signatures } from '@slipway/secrets'
import type { Clock } from '@slipway/service-kit'

/** Long enough for clocks of executors that differ a little, too short to be worth keeping. */
const LIFETIME_MS = 60_000
/** `1795305600000.dGlja2V0`: end in milliseconds since 1970, signature */
const TICKET = /^(\d{1,16})\.([A-Za-z0-9_-]{43})$/

export interface LogTickets {
  /** A ticket for the logs of a job. */
  issue(jobId: number): string
  isValid(jobId: number, ticket: string): boolean
}

export function createLogTickets(signatures: Signatures, clock: Pick<Clock, 'now'>): LogTickets {
  const textOf = (jobId: number, endMs: string) => `${jobId} ${endMs}`
  return {
    issue(jobId) {
      const endMs = String(clock.now().getTime() + LIFETIME_MS)
      return `${endMs}.${signatures.sign(textOf(jobId, endMs))}`
    },
    isValid(jobId, ticket) {
      const [, endMs = '', signature = ''] = TICKET.exec(ticket) ?? []
      return signatures.verify(textOf(jobId, endMs), signature) && Number(endMs) > clock.now().getTime()
    },
  }
}
