import { connect, type Socket } from 'node:net'
import { type NatsAddress, showAddress } from './address.ts'

/** A NATS server speaks first: `INFO {"server_id":…}` */
const GREETING = 'INFO '
/**
 * When an attempt is given company by another one. Where a network swallows packets the system repeats an attempt
 * after 1, 3, 7 s: one that began in the dark would be found out late, a new one is not.
 */
const NEXT_AFTER_MS = 1_000

/**
 * Resolves when a NATS server greets at an address. Asked before the client dials: the client (2.29) never closes
 * the socket of an attempt in which the server is connected but says nothing (frozen, or a broken network), so that
 * every attempt of a long outage would leave one behind.
 */
export function probe(address: NatsAddress, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const sockets: Socket[] = []
    const attempt = () => void sockets.push(greet(address, end))
    const next = setInterval(attempt, NEXT_AFTER_MS)
    const timer = setTimeout(() => end(new Error(`${showAddress(address)} does not answer`)), timeoutMs)
    const onAbort = () => end(signal.reason)
    function end(error?: unknown): void {
      clearInterval(next)
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      for (const socket of sockets) socket.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    else attempt()
  })
}

/** One attempt: `end` is called without an error when a server greets. */
function greet(address: NatsAddress, end: (error?: unknown) => void): Socket {
  const socket = connect(address.port, address.host)
  let heard = ''
  socket.on('data', (data) => {
    heard += data.toString('latin1')
    if (heard.startsWith(GREETING)) end()
    else if (heard.length >= GREETING.length) end(new Error(`${showAddress(address)} is no NATS server`))
  })
  socket.on('error', end)
  socket.on('close', () => end(new Error(`${showAddress(address)} closed the connection`)))
  return socket
}
