// The Carrier over NATS core: questions and answers by private inboxes, replicas as queue groups, large messages in
// frames to the peer's inbox (events: on their own subject). Nothing is queued for a server that is away.
import { randomBytes } from 'node:crypto'
import { type Context, createError, inboxSubject } from '@slipway/contracts'
import type { Msg, NatsConnection } from 'nats'
import type { Carrier, Intake } from '../carrier.ts'
import { readTimeoutMs } from '../headers.ts'
import type { BusLog } from '../log.ts'
import { errorMessage } from '../message.ts'
import { createEventIntake, publishEvent } from './event-frames.ts'
import { createLink, type Link, type LinkDeps } from './link.ts'
import { createQuestions } from './questions.ts'
import { createTransfers } from './transfers.ts'
import { readFrame, readHeaders, send, sendAll, wireHeaders } from './wire.ts'

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

/** Deadline of a framed question whose header names none. */
const TRANSFER_MS = 60_000

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
  let tokens = 0

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
      questions.failAll(createError('BUS_UNAVAILABLE'))
      transfers.clear()
    },
    onPublishDenied: (subject, error) => questions.denied(subject, error),
  })

  /** Fails at once while NATS is away: nothing is queued for later, when nobody may want it any more. */
  function connected(): NatsConnection {
    if (link.connection === undefined) throw createError('BUS_UNAVAILABLE')
    return link.connection
  }

  function answer(subject: string, replyTo: string, message: Parameters<typeof send>[2]): void {
    const { connection } = link
    // Without a connection nobody waits any more: who asked was told that NATS is away.
    if (connection === undefined) return
    try {
      sendAll(connection, replyTo, message)
    } catch (err) {
      log.warn({ ...details, subject, err }, 'An answer could not be sent')
      try {
        send(connection, replyTo, errorMessage(err, subject))
      } catch {
        // The connection is gone as well; the asker is told by its own.
      }
    }
  }

  function respond(subject: string, group: Context, onRequest: Parameters<Carrier['respond']>[2]): Intake {
    const busy = createBusy()
    /** Takes the frames of an announced question and hands it over when it is whole. */
    function receive(received: Msg, reply: (message: Parameters<typeof send>[2]) => void): void {
      const headers = readHeaders(received)
      const token = `t${(tokens++).toString(36)}`
      const transfer = transfers.begin(subject, readTimeoutMs(headers, TRANSFER_MS), {
        whole: (bytes) => onRequest({ headers, bytes }, reply),
        broken: (error) => reply(errorMessage(error, subject)),
        over: () => {
          mailbox.delete(token)
          busy.end()
        },
      })
      if (transfer === undefined) {
        reply(errorMessage(createError('BUS_UNAVAILABLE'), subject))
        return
      }
      busy.begin()
      mailbox.set(token, (message) => {
        const frame = readFrame(readHeaders(message), message.data)
        if (frame !== undefined) transfer.add(frame)
      })
      const proceed = { headers: { [wireHeaders.proceed]: 'yes' }, bytes: new Uint8Array() }
      const { connection } = link
      if (connection !== undefined) send(connection, received.reply ?? '', proceed, inboxOf(token))
    }
    const listening = link.listen(subject, group, (received) => {
      const replyTo = received.reply
      // Not sent by a bus: nobody could be answered.
      if (!replyTo) return
      const reply = (message: Parameters<typeof send>[2]) => answer(subject, replyTo, message)
      const headers = readHeaders(received)
      if (headers[wireHeaders.announced] !== undefined) receive(received, reply)
      else onRequest({ headers, bytes: received.data }, reply)
    })
    return {
      async stop() {
        await listening.stop()
        await busy.idle()
      },
    }
  }

  return {
    get connected() {
      return link.connection !== undefined
    },
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

/** Counts what is under way, and tells when there is nothing left. */
function createBusy() {
  const waiting: (() => void)[] = []
  let count = 0
  return {
    begin() {
      count++
    },
    end() {
      count--
      if (count === 0) for (const resolve of waiting.splice(0)) resolve()
    },
    idle: async () => {
      if (count > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
