// The Carrier over NATS core: questions and answers by private inboxes, replicas as queue groups, large messages in
// frames to the peer's inbox (events: on their own subject). Nothing is queued for a server that is away.
import { randomBytes } from 'node:crypto'
import { type Context, createError, inboxSubject } from '@slipway/contracts'
import type { Msg, NatsConnection } from 'nats'
import type { Carrier } from '../carrier.ts'
import type { BusLog } from '../log.ts'
import { createAnswering } from './answering.ts'
import { createEventIntake, publishEvent } from './event-frames.ts'
import { createLink, type Link, type LinkDeps } from './link.ts'
import { createQuestions } from './questions.ts'
import { createTransfers } from './transfers.ts'

export interface NatsCarrier extends Carrier {
  /** Resolves when connected the first time. @throws BUS_CLOSED */
  start(): Promise<void>
  /** Resolves when the server has taken everything sent so far. */
  flush(): Promise<void>
}

export interface NatsCarrierDeps
  extends Pick<LinkDeps, 'addresses' | 'dial' | 'pingIntervalMs' | 'reconnectWaitMs' | 'retryDeniedMs'> {
  service: Context
  log: BusLog
}

export function createNatsCarrier(deps: NatsCarrierDeps): NatsCarrier {
  const { service, log } = deps
  const details = { service }
  const busId = randomBytes(12).toString('hex')
  const inboxOf = (token: string) => inboxSubject(service, busId, token)
  /** What waits for messages in our inbox, by the last token of the subject. */
  const mailbox = new Map<string, (message: Msg) => void>()
  const questions = createQuestions({ connection: connected, mailbox, inboxOf })
  const transfers = createTransfers()
  let lostEvents = 0

  const link: Link = createLink({
    ...deps,
    details,
    inbox: {
      subject: inboxOf('*'),
      onMessage: (message) => mailbox.get(message.subject.slice(inboxOf('').length))?.(message),
    },
    onUp() {
      if (lostEvents === 0) return
      log.warn({ ...details, events: lostEvents }, 'Events were not sent while NATS was away')
      lostEvents = 0
    },
    onDown() {
      // They were sent: nobody knows what became of them.
      questions.failAll(createError('BUS_CONNECTION_LOST'))
      transfers.clear()
    },
    onPublishDenied: (subject, error) => questions.denied(subject, error),
  })

  /** Fails at once while NATS is away: nothing is queued for later, when nobody may want it any more. */
  function connected(): NatsConnection {
    if (link.connection === undefined) throw createError('BUS_UNAVAILABLE')
    return link.connection
  }

  const respond = createAnswering({ link, log, details, transfers, mailbox, inboxOf })

  return {
    get connected() {
      return link.connection !== undefined
    },
    deflates: true,
    request: questions.ask,
    respond,
    publish(subject, message) {
      const { connection } = link
      if (connection === undefined) lostEvents++
      else publishEvent(connection, subject, message)
    },
    listen(subject, onMessage) {
      const intake = createEventIntake(subject, onMessage)
      const listening = link.listen(subject, undefined, intake.take)
      return {
        async stop() {
          await listening.stop()
          intake.clear()
        },
      }
    },
    start: () => link.start(),
    flush: () => link.flush(),
    async close() {
      await link.close()
      questions.failAll(createError('BUS_CLOSED'))
      transfers.clear()
    },
  }
}
