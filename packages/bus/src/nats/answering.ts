// The answering side: questions of a subject, whole or in frames, and the way back to whoever asked.
import { type Context, createError } from '@slipway/contracts'
import { Empty, type Msg } from 'nats'
import type { Carrier, Intake, Message } from '../carrier.ts'
import { readTimeoutMs } from '../headers.ts'
import type { BusLog } from '../log.ts'
import { errorMessage } from '../message.ts'
import type { Link } from './link.ts'
import type { Transfers } from './transfers.ts'
import { readFrame, readHeaders, send, sendAll, wireHeaders } from './wire.ts'

export interface AnsweringDeps {
  link: Link
  log: BusLog
  details: object
  transfers: Transfers
  mailbox: Map<string, (message: Msg) => void>
  inboxOf(token: string): string
}

type Reply = (message: Message) => void
type OnRequest = Parameters<Carrier['respond']>[2]

/** Deadline of a framed question whose header names none. */
const TRANSFER_MS = 60_000

/** `respond` of the carrier. */
export function createAnswering(deps: AnsweringDeps): Carrier['respond'] {
  const { link } = deps
  const receive = createReceiver(deps)
  return (subject: string, group: Context, onRequest: OnRequest): Intake => {
    const busy = createBusy()
    const listening = link.listen(subject, group, (received) => {
      const replyTo = received.reply
      // Not sent by a bus: nobody could be answered.
      if (!replyTo) return
      const reply: Reply = (message) => sendReply(deps, subject, replyTo, message)
      const headers = readHeaders(received)
      if (headers[wireHeaders.announced] === undefined) onRequest({ headers, bytes: received.data }, reply)
      else receive({ subject, replyTo, headers, busy, reply, onRequest })
    })
    return {
      async stop() {
        await listening.stop()
        await busy.idle()
      },
    }
  }
}

interface Announced {
  subject: string
  replyTo: string
  headers: Message['headers']
  busy: Busy
  reply: Reply
  onRequest: OnRequest
}

/** Takes the frames of an announced question and hands it over when it is whole. */
function createReceiver({ link, transfers, mailbox, inboxOf }: AnsweringDeps): (question: Announced) => void {
  let tokens = 0
  return ({ subject, replyTo, headers, busy, reply, onRequest }) => {
    const { connection } = link
    if (connection === undefined) return
    busy.begin()
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
      busy.end()
      reply(errorMessage(createError('BUS_UNAVAILABLE'), subject))
      return
    }
    mailbox.set(token, (message) => {
      const frame = readFrame(readHeaders(message), message.data)
      if (frame !== undefined) transfer.add(frame)
    })
    send(connection, replyTo, { headers: { [wireHeaders.proceed]: 'yes' }, bytes: Empty }, inboxOf(token))
  }
}

function sendReply(
  { link, log, details }: AnsweringDeps,
  subject: string,
  replyTo: string,
  message: Message,
): void {
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

type Busy = ReturnType<typeof createBusy>

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
