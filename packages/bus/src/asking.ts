// The asking side of a question.
import { createError, type Rpc } from '@slipway/contracts'
import type { RequestOptions } from './bus.ts'
import type { Carrier } from './carrier.ts'
import { serialize } from './codec.ts'
import { type Headers, headerNames, usableRequestId, usableTimeoutMs, writeCaller } from './headers.ts'
import { packMessage, readError, readMessage, wasNotBegun } from './message.ts'
import { type BusObserver, outcomeOf } from './observer.ts'
import { assertFits } from './validation.ts'
import { createWaits, raceSignal } from './waits.ts'

export interface Asking {
  /** Sends a question and resolves with the checked reply. */
  ask(rpc: Rpc, payload: unknown, options?: RequestOptions): Promise<unknown>
  /** Fails what waits and everything asked later with BUS_CLOSED. */
  close(): void
}

/** How many replicas that stop a question may meet before it fails. */
const askAgain = 3

export function createAsking(carrier: Carrier, observer: BusObserver): Asking {
  const waits = createWaits()
  let closed = false

  async function exchange(rpc: Rpc, bytes: Uint8Array, headers: Headers, signal: AbortSignal) {
    const message = await packMessage(bytes, headers, carrier)
    signal.throwIfAborted()
    let reply = await carrier.request(rpc.subject, message, signal)
    // Safe to repeat, whatever the question: nobody has begun to answer it.
    for (let more = askAgain; more > 0 && wasNotBegun(reply); more--) {
      reply = await carrier.request(rpc.subject, message, signal)
    }
    const error = await readError(reply, rpc.subject)
    if (error !== undefined) throw error
    const value = await readMessage(reply, rpc.subject)
    assertFits(rpc.reply, value, rpc.subject)
    return value
  }

  async function ask(rpc: Rpc, payload: unknown, options: RequestOptions): Promise<unknown> {
    if (closed) throw createError('BUS_CLOSED')
    const bytes = serialize(payload, rpc.subject)
    const timeoutMs = usableTimeoutMs(options.timeoutMs ?? rpc.timeoutMs)
    const wait = waits.start(timeoutMs, options.signal)
    try {
      const headers = requestHeaders(options, timeoutMs)
      return await raceSignal(exchange(rpc, bytes, headers, wait.signal), wait.signal)
    } finally {
      wait.end()
    }
  }

  return {
    async ask(rpc, payload, options = {}) {
      const answered = observer.asked(rpc.subject)
      let outcome = 'ok'
      try {
        return await ask(rpc, payload, options)
      } catch (error) {
        outcome = outcomeOf(error)
        throw error
      } finally {
        answered(outcome)
      }
    },
    close() {
      closed = true
      waits.abortAll(createError('BUS_CLOSED'))
    },
  }
}

function requestHeaders(options: RequestOptions, timeoutMs: number): Headers {
  return {
    [headerNames.requestId]: usableRequestId(options.requestId),
    [headerNames.timeoutMs]: String(timeoutMs),
    ...(options.caller === undefined ? {} : { [headerNames.caller]: writeCaller(options.caller) }),
  }
}
