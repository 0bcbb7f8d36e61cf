// Dials until a server lets us in, for ever: one after the other, a pause after each round. What it waits for is
// said at once and then every ten seconds.
import { setTimeout as delay } from 'node:timers/promises'
import type { NatsConnection } from 'nats'
import type { BusLog } from '../log.ts'
import { type NatsAddress, showAddress } from './address.ts'
import { isRefusal } from './nats-error.ts'

export interface DialLoopDeps {
  addresses: readonly NatsAddress[]
  /** One attempt; the connection it resolves with is ready for use. */
  open(address: NatsAddress, signal: AbortSignal): Promise<NatsConnection>
  /** Pause between two rounds in milliseconds, give or take a quarter. */
  waitMs: number
  details: object
  log: BusLog
}

/** Dials until it is connected; undefined when the signal was aborted before. */
export type DialLoop = (signal: AbortSignal) => Promise<NatsConnection | undefined>

const SAY_AGAIN_MS = 10_000

export function createDialLoop({ addresses, open, waitMs, details, log }: DialLoopDeps): DialLoop {
  // Each process begins elsewhere, and after a lost connection with the next one.
  let next = Math.floor(Math.random() * addresses.length)
  let lastRoundAt = Number.NEGATIVE_INFINITY

  async function round(signal: AbortSignal, report: Report): Promise<NatsConnection | undefined> {
    for (let tried = 0; tried < addresses.length && !signal.aborted; tried++) {
      const address = addresses[next++ % addresses.length]
      if (address === undefined) continue
      try {
        return await open(address, signal)
      } catch (error) {
        if (!signal.aborted) report(address, error)
      }
    }
    return undefined
  }

  return async (signal) => {
    const report = createReport(details, log)
    while (!signal.aborted) {
      const jitter = 0.75 + Math.random() / 2
      await pause(lastRoundAt + waitMs * jitter - performance.now(), signal)
      lastRoundAt = performance.now()
      const connection = await round(signal, report)
      if (connection !== undefined) return connection
    }
    return undefined
  }
}

type Report = (address: NatsAddress, error: unknown) => void

function createReport(details: object, log: BusLog): Report {
  const startedAt = performance.now()
  /** When each reason was said last: one that is new is said at once. */
  const saidAt = new Map<string, number>()
  let attempts = 0
  return (address, err) => {
    attempts++
    const now = performance.now()
    const reason = err instanceof Error ? err.message : String(err)
    if (now - (saidAt.get(reason) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return
    saidAt.set(reason, now)
    const waitedMs = Math.round(now - startedAt)
    const line = { ...details, server: showAddress(address), attempts, waitedMs, reason }
    if (isRefusal(err)) log.error(line, 'NATS does not let us in: check its users and our credentials')
    else log.warn(line, 'Waiting for NATS')
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
