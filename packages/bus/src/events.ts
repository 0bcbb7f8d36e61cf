// Publishing and hearing facts. An event may be lost, so nothing here fails its caller; what goes wrong is logged.
import type { Context, EventDefinition } from '@slipway/contracts'
import type { Registration } from './bus.ts'
import type { Carrier, Message } from './carrier.ts'
import { serialize } from './codec.ts'
import type { BusLog } from './log.ts'
import { packMessage, readMessage } from './message.ts'
import { assertFits } from './validation.ts'
import { createWorkQueue, type WorkQueueOptions } from './work-queue.ts'

export interface EventDeps {
  service: Context
  carrier: Carrier
  log: BusLog
  queue: WorkQueueOptions
}

export interface Publisher {
  publish(event: EventDefinition, payload: unknown): void
  /** Publishes nothing more; resolves when everything published before is sent. */
  close(): Promise<void>
}

/** Sends facts in the order they were published, also when a large one takes longer to deflate. */
export function createPublisher({ service, carrier, log }: Omit<EventDeps, 'queue'>): Publisher {
  let last: Promise<void> = Promise.resolve()
  let closed = false
  function send(event: EventDefinition, bytes: Uint8Array): void {
    last = last
      .then(async () => carrier.publish(event.subject, await packMessage(bytes, {}, carrier)))
      .catch((err: unknown) => log.warn({ service, subject: event.subject, err }, 'An event was not sent'))
  }
  return {
    publish(event, payload) {
      if (closed) return
      try {
        send(event, serialize(payload, event.subject))
      } catch (err) {
        log.error({ service, subject: event.subject, err }, 'An event cannot be sent')
      }
    },
    close() {
      closed = true
      return last
    },
  }
}

export type EventHandler = (payload: unknown) => void | Promise<void>

/** Hears facts; handlers start in the order of the events and do not wait for each other. */
export function listenToEvents(deps: EventDeps, event: EventDefinition, handler: EventHandler): Registration {
  const { service, carrier, log } = deps
  const { subject } = event
  const queue = createWorkQueue(deps.queue)
  let decoded: Promise<void> = Promise.resolve()
  let decoding = 0

  async function attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (err) {
      log.error({ service, subject, err }, 'An event could not be handled')
    }
  }
  function lose(): void {
    log.warn({ service, subject }, 'Too many events: one is lost')
  }
  async function decode(message: Message): Promise<void> {
    const payload = await readMessage(message, subject)
    assertFits(event.payload, payload, subject)
    const task = () => attempt(async () => handler(payload))
    queue.push(task, (refusal) => {
      if (refusal === 'full') lose()
    })
  }
  function hear(message: Message): void {
    if (decoding >= deps.queue.maxWaiting) {
      lose()
      return
    }
    decoding++
    // One after the other: inflating a large event must not let a later small one pass it.
    decoded = decoded.then(() => attempt(() => decode(message))).finally(() => decoding--)
  }

  const intake = carrier.listen(subject, hear)
  return {
    async drain() {
      await intake.stop()
      await decoded
      await queue.drain()
    },
  }
}
