// The serving edge of a question: permission, contract, deadline, handler, and what becomes of its errors.
import { type Context, createError, hasCode, isAllowed, isSlipwayError, type Rpc } from '@slipway/contracts'
import type { Registration, RequestMeta } from './bus.ts'
import type { Carrier, Message } from './carrier.ts'
import { headerNames, readCaller, readTimeoutMs, usableRequestId } from './headers.ts'
import type { BusLog } from './log.ts'
import { errorMessage, leavingMessage, readMessage, replyMessage } from './message.ts'
import { type BusObserver, outcomeOf } from './observer.ts'
import { assertFits } from './validation.ts'
import type { Wait, Waits } from './waits.ts'
import { createWorkQueue, type WorkQueueOptions } from './work-queue.ts'

export interface ServingDeps {
  service: Context
  carrier: Carrier
  log: BusLog
  observer: BusObserver
  /** What an error of a handler means to callers. */
  knownError: (error: unknown) => unknown
  /** Waits of running handlers; aborted together when the bus closes. */
  waits: Waits
  queue: WorkQueueOptions
}

export type RequestHandler = (payload: unknown, meta: RequestMeta) => Promise<unknown>

/** Answers a question as a member of the queue group of the service that the contract names. */
export function serveRequests(deps: ServingDeps, rpc: Rpc, handler: RequestHandler): Registration {
  const queue = createWorkQueue(deps.queue)
  const intake = deps.carrier.respond(rpc.subject, rpc.service, (message, reply) => {
    // The deadline runs from arrival, not from the start of the handler: the caller waits all the while.
    const wait = deps.waits.start(readTimeoutMs(message.headers, rpc.timeoutMs))
    const request = { message, reply, wait }
    wait.signal.addEventListener('abort', () => sayClosed(request, rpc.subject), { once: true })
    const task = async () => {
      if (!wait.signal.aborted) await answer(deps, rpc, handler, request)
      wait.end()
    }
    queue.push(task, (refusal) => {
      wait.end()
      reply(
        refusal === 'full'
          ? errorMessage(createError('BUS_UNAVAILABLE'), rpc.subject)
          : leavingMessage(rpc.subject),
      )
    })
  })
  return {
    async drain() {
      // What is on its way to us is still answered: its sender could not know.
      await intake.stop()
      await queue.drain()
    },
  }
}

interface Request {
  message: Message
  reply: (message: Message) => void
  wait: Wait
}

/** Never rejects: every outcome is a reply, or nothing if the caller no longer waits. */
async function answer(deps: ServingDeps, rpc: Rpc, handler: RequestHandler, request: Request): Promise<void> {
  const requestId = usableRequestId(request.message.headers[headerNames.requestId])
  const answered = deps.observer.served(rpc.subject)
  const startedAt = performance.now()
  let outcome = 'ok'
  let reply: Message
  try {
    const result = await handle(rpc, handler, request, requestId)
    reply = await replyMessage(result, rpc.subject, deps.carrier)
  } catch (thrown) {
    const error = deps.knownError(thrown)
    outcome = outcomeOf(error)
    logFailure(deps, rpc, requestId, error)
    reply = errorMessage(error, rpc.subject)
  }
  answered(outcome)
  const elapsedMs = Math.round(performance.now() - startedAt)
  deps.log.debug?.(
    { service: deps.service, subject: rpc.subject, requestId, outcome, elapsedMs },
    'a question was answered',
  )
  if (!request.wait.signal.aborted) request.reply(reply)
}

async function handle(rpc: Rpc, handler: RequestHandler, { message, wait }: Request, requestId: string) {
  const caller = readCaller(message.headers)
  if (rpc.permission !== 'internal') {
    const allowed = caller !== undefined && isAllowed(caller.privilege, rpc.permission)
    if (!allowed) throw createError('AUTH_NOT_AUTHORIZED')
  }
  const payload = await readMessage(message, rpc.subject)
  assertFits(rpc.request, payload, rpc.subject)
  return handler(payload, { caller, requestId, signal: wait.signal })
}

/**
 * Errors are logged once, where they became an answer: unknown ones, of which the caller learns nothing, and known
 * ones with a cause, which does not travel. Others are answers like any other.
 */
function logFailure(deps: ServingDeps, rpc: Rpc, requestId: string, error: unknown): void {
  const details = { service: deps.service, subject: rpc.subject, requestId, err: error }
  if (!isSlipwayError(error)) deps.log.error(details, 'A handler failed unexpectedly')
  else if (error.code === 'BUS_INVALID_PAYLOAD') deps.log.warn(details, 'A message breaks its contract')
  else if (error.cause !== undefined) deps.log.warn(details, 'A handler failed')
}

/** Tells a caller whose handler could not finish before the bus closed; at a deadline nobody waits any more. */
function sayClosed({ wait, reply }: Request, subject: string): void {
  const reason: unknown = wait.signal.reason
  if (hasCode(reason, 'BUS_CLOSED')) reply(errorMessage(reason, subject))
}
