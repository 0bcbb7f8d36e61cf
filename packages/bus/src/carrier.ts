// What a transport must be able to do. It carries headers and bytes; contracts, permissions, deadlines, errors and
// draining are above it (create-bus.ts), the same for all transports.
import type { Context } from '@slipway/contracts'
import type { Headers } from './headers.ts'

/** A message on its way. The bytes are not changed by anybody once sent. */
export interface Message {
  readonly headers: Headers
  readonly bytes: Uint8Array
}

/** Where messages come in until it is stopped. */
export interface Intake {
  /** Resolves when no further message will be handed over. */
  stop(): Promise<void>
}

export interface Carrier {
  /** True while messages can be sent. */
  readonly connected: boolean
  /** True where messages leave the machine, or may: large ones are deflated. */
  readonly deflates: boolean
  /**
   * Sends to one member of the group that serves a subject and resolves with its reply. Stops waiting, with the
   * signal's reason, when the signal is aborted. Errors: BUS_NO_RESPONDER and BUS_UNAVAILABLE (not sent) at once,
   * BUS_CONNECTION_LOST (sent, and nobody knows what became of it) when that is noticed.
   * Never runs the responder in the caller's own tick.
   */
  request(subject: string, message: Message, signal: AbortSignal): Promise<Message>
  /** Takes requests as a member of a group. `reply` does not throw; it is called at most once, at any time. */
  respond(
    subject: string,
    group: Context,
    onRequest: (message: Message, reply: (message: Message) => void) => void,
  ): Intake
  /** Sends to every listener; lost where nobody listens. In order for one sender. */
  publish(subject: string, message: Message): void
  listen(subject: string, onMessage: (message: Message) => void): Intake
  /** Sends what is still to be sent and lets go of the connection. */
  close(): Promise<void>
}
