/** Which sessions a router had, for whoever asks afterwards who was there at the same time. */
import type { Session } from './session.ts'

/** A session, JSON-ready. Times are the router's clock. */
export interface SessionRecord {
  /** As in `mutations`. */
  readonly id: number
  readonly user: string
  readonly service: 'telnet' | 'ssh'
  readonly remote: string
  readonly openedAt: string
  /** Absent while it is open. */
  readonly closedAt?: string
}

const MOST_RECORDS = 2_000

/** Keeps the latest sessions. */
export function createSessionLog(now: () => Date) {
  const records: SessionRecord[] = []
  const replace = (id: number, by: (record: SessionRecord) => SessionRecord) => {
    const index = records.findIndex((record) => record.id === id)
    const record = records[index]
    if (record !== undefined) records[index] = by(record)
  }
  return {
    all: (): readonly SessionRecord[] => records,
    opened({ id, user, service, remote, startedAt }: Session): void {
      records.push({ id, user, service, remote, openedAt: startedAt.toISOString() })
      if (records.length > MOST_RECORDS) records.shift()
    },
    closed: ({ id }: Session): void =>
      replace(id, (record) => ({ ...record, closedAt: now().toISOString() })),
    /** Forgets those that have ended. */
    reset(): void {
      const open = records.filter(({ closedAt }) => closedAt === undefined)
      records.splice(0, records.length, ...open)
    },
  }
}
