// The bus: the only way in which services meet. Two transports implement it (in process, NATS); one conformance
// suite holds for both. Every payload is validated against its contract on arrival, whatever the transport.
import type {
  Caller,
  Context,
  Delivery,
  EventDefinition,
  PayloadOf,
  ReplyOf,
  RequestOf,
  Rpc,
} from '@slipway/contracts'
import type { JsonText } from './json-text.ts'

/** What a request carries beside its payload. */
export interface RequestOptions {
  /** The user for whom it is asked; needed by questions whose permission is not 'internal'. */
  caller?: Caller | undefined
  /** Follows a request from HTTP to the router's command in logs: letters, digits and `._:-`, else a new one. */
  requestId?: string
  /** Deadline in milliseconds instead of the contract's. */
  timeoutMs?: number
  /** Stops waiting: the request fails with the signal's reason if that has a code, else with BUS_TIMEOUT. */
  signal?: AbortSignal
}

/** What a handler learns about a request beside its payload. */
export interface RequestMeta {
  /** Present and permitted for questions whose permission is not 'internal'. */
  caller: Caller | undefined
  requestId: string
  /** Aborted when the deadline has passed or the bus is closed. */
  signal: AbortSignal
}

/** Undo of a registration: takes no new messages, resolves when running handlers are done. */
export interface Registration {
  drain(): Promise<void>
}

export interface Bus {
  /**
   * Asks one replica of a service and waits for its answer. Errors: what the handler threw if it is of the
   * catalogue, else INTERNAL_UNEXPECTED; BUS_NO_RESPONDER, BUS_TIMEOUT, BUS_UNAVAILABLE (not connected: at once),
   * BUS_TOO_LARGE (before sending), BUS_INVALID_PAYLOAD.
   */
  request<T extends Rpc>(rpc: T, payload: RequestOf<T>, options?: RequestOptions): Promise<ReplyOf<T>>
  /**
   * Answers a question; replicas of a service share the work. Checks payload and permission before the handler. Its
   * reply may be JSON text (jsonText), which travels as it is.
   */
  serve<T extends Rpc>(
    rpc: T,
    handler: (payload: RequestOf<T>, meta: RequestMeta) => Promise<ReplyOf<T> | JsonText<ReplyOf<T>>>,
  ): Registration
  /** Tells everybody a fact. May be lost. */
  publish<T extends EventDefinition>(event: T, payload: PayloadOf<T>): void
  /** Hears facts; every subscriber gets each. A handler that throws is logged and does not stop the next event. */
  subscribe<T extends EventDefinition>(
    event: T,
    handler: (payload: PayloadOf<T>) => void | Promise<void>,
  ): Registration
  /** Sends one delivery and resolves when the receiver answered that it is recorded. Used by the relay. */
  deliver<T extends Delivery>(delivery: T, deliveryId: string, payload: PayloadOf<T>): Promise<void>
  /** Receives a delivery: `record` stores it in the receiver's own transaction, by its id, so that twice is once. */
  receive<T extends Delivery>(
    delivery: T,
    record: (deliveryId: string, payload: PayloadOf<T>) => Promise<void>,
  ): Registration
  /** True while requests can be sent. */
  readonly connected: boolean
  /** Stops taking messages, waits for running handlers (at most graceMs), then closes. */
  close(graceMs?: number): Promise<void>
}

/** A transport is asked for one bus per service, so that queue groups are the services' names. */
export type ConnectBus = (service: Context) => Promise<Bus>
