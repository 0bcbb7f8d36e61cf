// Large events: frames on the event's own subject, so that they stay in order with the others of their sender.
import { randomUUID } from 'node:crypto'
import type { Msg, NatsConnection } from 'nats'
import type { Message } from '../carrier.ts'
import type { Headers } from '../headers.ts'
import { createTransfers, type Transfer } from './transfers.ts'
import { readFrame, readHeaders, sendAll, wireHeaders } from './wire.ts'

/** How long the frames of one event may take. */
const EVENT_MS = 30_000

export function publishEvent(connection: NatsConnection, subject: string, message: Message): void {
  sendAll(connection, subject, message, { [wireHeaders.message]: randomUUID() })
}

export interface EventIntake {
  take(received: Msg): void
  clear(): void
}

/** Hands over whole events; those with frames lost or out of place are lost themselves. */
export function createEventIntake(subject: string, onMessage: (message: Message) => void): EventIntake {
  const transfers = createTransfers()
  const byMessage = new Map<string, Transfer>()

  function begin(id: string, headers: Headers): Transfer | undefined {
    const transfer = transfers.begin(subject, EVENT_MS, {
      whole: (bytes) => onMessage({ headers, bytes }),
      over: () => byMessage.delete(id),
    })
    if (transfer !== undefined) byMessage.set(id, transfer)
    return transfer
  }
  return {
    take(received) {
      const headers = readHeaders(received)
      const frame = readFrame(headers, received.data)
      if (frame === undefined) {
        onMessage({ headers, bytes: received.data })
        return
      }
      const id = headers[wireHeaders.message] ?? ''
      // Who began to listen in the middle of an event cannot hear it any more.
      const transfer = byMessage.get(id) ?? (frame.index === 0 ? begin(id, headers) : undefined)
      transfer?.add(frame)
    },
    clear: () => transfers.clear(),
  }
}
