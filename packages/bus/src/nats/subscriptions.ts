// What a link listens to, whatever connection it has at the moment. The server may refuse a subject; it is asked
// again from time to time, because permissions can be mended while we run.
import type { Msg, NatsConnection, Subscription } from 'nats'
import type { BusLog } from '../log.ts'
import { deniedError } from './nats-error.ts'

export type OnMessage = (message: Msg) => void

/** A subject that is listened to over reconnects, until it is stopped. */
export interface Listening {
  /** Resolves when no further message will come; what was on its way is still handed over. */
  stop(): Promise<void>
}

export interface Subscriptions {
  add(
    subject: string,
    queue: string | undefined,
    onMessage: OnMessage,
    /** Called when the server refuses the subject. */
    onDenied?: () => void,
  ): Listening
  /** Listens on a new connection, to everything. */
  attach(connection: NatsConnection): void
  close(): void
}

export interface SubscriptionsDeps {
  details: object
  log: BusLog
  retryDeniedMs: number
}

export function createSubscriptions({ details, log, retryDeniedMs }: SubscriptionsDeps): Subscriptions {
  const entries = new Set<{ attach(connection: NatsConnection): void; detach(): void }>()
  let current: NatsConnection | undefined

  function add(
    subject: string,
    queue: string | undefined,
    onMessage: OnMessage,
    onDenied?: () => void,
  ): Listening {
    let subscription: Subscription | undefined
    let retry: NodeJS.Timeout | undefined

    function attach(connection: NatsConnection): void {
      clearTimeout(retry)
      const made = connection.subscribe(subject, { ...(queue === undefined ? {} : { queue }), callback })
      subscription = made
      function callback(error: Error | null, message: Msg): void {
        if (error !== null) refused(made, error)
        else hand(message)
      }
    }
    /** An exception would end the client's reader for good, without a word. */
    function hand(message: Msg): void {
      try {
        onMessage(message)
      } catch (err) {
        log.error({ ...details, subject, err }, 'A message could not be taken')
      }
    }
    function refused(made: Subscription, error: Error): void {
      if (made !== subscription) return
      subscription = undefined
      const err = deniedError(error)
      log.error(
        { ...details, subject, queue, err },
        'NATS does not allow us to listen: check its permissions',
      )
      retry = setTimeout(() => {
        if (current !== undefined && !current.isClosed()) attach(current)
      }, retryDeniedMs)
      onDenied?.()
    }
    const entry = { attach, detach: () => clearTimeout(retry) }
    entries.add(entry)
    if (current !== undefined && !current.isClosed()) attach(current)
    return {
      async stop() {
        entries.delete(entry)
        entry.detach()
        if (subscription !== undefined && current !== undefined) await drain(subscription, current)
      },
    }
  }

  return {
    add,
    attach(connection) {
      current = connection
      for (const entry of entries) entry.attach(connection)
    },
    close() {
      current = undefined
      for (const entry of entries) entry.detach()
      entries.clear()
    },
  }
}

/** Ends a subscription; a connection that breaks meanwhile ends it too, of which the client says nothing. */
async function drain(subscription: Subscription, connection: NatsConnection): Promise<void> {
  if (subscription.isClosed() || connection.isClosed()) return
  await Promise.race([subscription.drain().catch(() => undefined), connection.closed()])
}
