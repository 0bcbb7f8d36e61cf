import { connect } from 'node:net'
import { type NatsAddress, showAddress } from './address.ts'

/** A NATS server speaks first: `INFO {"server_id":…}` */
const GREETING = 'INFO '

/**
 * Resolves when a NATS server greets at an address. Asked before the client dials: the client (2.29) never closes
 * the socket of an attempt in which the server is connected but says nothing (frozen, or a broken network), so that
 * every attempt of a long outage would leave one behind.
 */
export function probe(address: NatsAddress, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(address.port, address.host)
    const timer = setTimeout(() => end(new Error(`${showAddress(address)} does not answer`)), timeoutMs)
    const onAbort = () => end(signal.reason)
    function end(error?: unknown): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    let heard = ''
    socket.on('data', (data) => {
      heard += data.toString('latin1')
      if (heard.startsWith(GREETING)) end()
      else if (heard.length >= GREETING.length) end(new Error(`${showAddress(address)} is no NATS server`))
    })
    socket.on('error', end)
    socket.on('close', () => end(new Error(`${showAddress(address)} closed the connection`)))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}
