// Questions that wait for their answers, each with a token of its own in our inbox.
import { createError } from '@slipway/contracts'
import type { Msg, NatsConnection } from 'nats'
import type { Message } from '../carrier.ts'
import { createFrameCollector, type Frame } from '../frames.ts'
import type { Headers } from '../headers.ts'
import { deniedError } from './nats-error.ts'
import {
  announcement,
  framesOf,
  readFrame,
  readHeaders,
  saysNobody,
  send,
  sendFrames,
  wireHeaders,
} from './wire.ts'

export interface Questions {
  /** Sends one and resolves with its answer. @throws what carriers throw, BUS_UNAVAILABLE at once */
  ask(subject: string, message: Message, signal: AbortSignal): Promise<Message>
  /** Fails those that were sent to a subject the server does not allow. */
  denied(subject: string, error: Error): void
  failAll(error: Error): void
}

interface QuestionsDeps {
  /** What to send on now. @throws BUS_UNAVAILABLE if there is none */
  connection(): NatsConnection
  mailbox: Map<string, (message: Msg) => void>
  inboxOf(token: string): string
}

interface Waiting {
  /** The subject of its last message. */
  sentTo: string
  answer(message: Message): void
  fail(error: unknown): void
}

export function createQuestions({ connection, mailbox, inboxOf }: QuestionsDeps): Questions {
  const waiting = new Map<string, Waiting>()
  let tokens = 0

  function ask(subject: string, message: Message, signal: AbortSignal) {
    return new Promise<Message>((resolve, reject) => {
      signal.throwIfAborted()
      const frames = framesOf(connection(), message.bytes)
      const token = `q${(tokens++).toString(36)}`
      const inbox = inboxOf(token)
      const onAbort = () => question.fail(signal.reason)
      function end(): void {
        waiting.delete(token)
        mailbox.delete(token)
        signal.removeEventListener('abort', onAbort)
      }
      const question: Waiting = {
        sentTo: subject,
        answer(answer) {
          end()
          resolve(answer)
        },
        fail(error) {
          end()
          reject(error)
        },
      }
      const take = createTaker({ connection, subject, frames, inbox, question })
      waiting.set(token, question)
      signal.addEventListener('abort', onAbort, { once: true })
      mailbox.set(token, (received) => attempt(() => take(received), question))
      const first = frames === undefined ? message : announcement(message, frames)
      attempt(() => send(connection(), subject, first, inbox), question)
    })
  }

  return {
    ask,
    denied(subject, error) {
      for (const question of [...waiting.values()]) {
        if (question.sentTo === subject) question.fail(deniedError(error))
      }
    },
    failAll(error) {
      for (const question of [...waiting.values()]) question.fail(error)
    },
  }
}

function attempt(step: () => void, question: Waiting): void {
  try {
    step()
  } catch (error) {
    question.fail(error)
  }
}

interface Asked {
  connection(): NatsConnection
  subject: string
  /** Present if the question was only announced. */
  frames: readonly Frame[] | undefined
  inbox: string
  question: Waiting
}

/** What to do with a message for a question: its answer or a part of it, the go-ahead for its frames, or nobody. */
function createTaker({ connection, subject, frames, inbox, question }: Asked): (received: Msg) => void {
  const gather = createAnswer(subject)
  let sent = false

  /** Sends the frames once, to whoever of the group took the announcement. */
  function proceed(replyTo: string | undefined): void {
    if (frames === undefined || !replyTo || sent) return
    sent = true
    question.sentTo = replyTo
    // With our inbox as reply subject the server says at once if the responder has gone meanwhile.
    sendFrames(connection(), replyTo, frames, { reply: inbox })
  }

  return (received) => {
    const headers = readHeaders(received)
    if (saysNobody(received)) question.fail(createError(sent ? 'BUS_UNAVAILABLE' : 'BUS_NO_RESPONDER'))
    else if (headers[wireHeaders.proceed] !== undefined) proceed(received.reply)
    else {
      const answer = gather(headers, received.data)
      if (answer !== undefined) question.answer(answer)
    }
  }
}

/** Answers come whole or in frames; those of a question we no longer wait for are forgotten with it. */
function createAnswer(subject: string) {
  const collector = createFrameCollector(subject)
  let first: Headers = {}
  return (headers: Headers, data: Uint8Array): Message | undefined => {
    const frame = readFrame(headers, data)
    if (frame === undefined) return { headers, bytes: data }
    if (frame.index === 0) first = headers
    const bytes = collector.add(frame)
    return bytes === undefined ? undefined : { headers: first, bytes }
  }
}
