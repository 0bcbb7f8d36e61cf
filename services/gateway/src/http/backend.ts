// Asking services on behalf of a caller.
import type { Bus } from '@slipway/bus'
import type { ReplyOf, RequestOf, Rpc } from '@slipway/contracts'
import type { ApiCall } from './api-route.ts'

/** Who asks and for which request; what ApiCall holds. */
export type Asker = Pick<ApiCall, 'caller' | 'requestId'>

export interface Backend {
  /** Asks a service as the caller. Errors: the service's, the bus's. */
  ask<T extends Rpc>(asker: Asker, rpc: T, payload: RequestOf<T>): Promise<ReplyOf<T>>
}

export interface BackendDeps {
  bus: Pick<Bus, 'request'>
  /**
   * Deadline of reading requests. Changes get the contract's, as a deadline would not undo them, and large ones rightly
   * take seconds; when NATS is away or hangs they end with the connection, within two seconds (packages/bus,
   * src/nats/heartbeat.ts).
   */
  readTimeoutMs: number
}

export function createBackend({ bus, readTimeoutMs }: BackendDeps): Backend {
  return {
    ask: ({ caller, requestId }, rpc, payload) => {
      const timeoutMs = rpc.permission === 'read' ? Math.min(readTimeoutMs, rpc.timeoutMs) : rpc.timeoutMs
      return bus.request(rpc, payload, { caller, requestId, timeoutMs })
    },
  }
}
