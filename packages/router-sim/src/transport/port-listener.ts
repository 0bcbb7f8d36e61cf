/**
 * A listening port that can be closed and opened again on the same number, as a router's does in a reload. Ports
 * are chosen below the ephemeral range, so that no outgoing connection takes the number while it is closed.
 */
import { randomInt } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { simError } from '../sim-error.ts'

const LOWEST = 15_000
/** Linux hands out 32768 and above to outgoing connections. */
const HIGHEST = 32_000
const TRIES = 50
const RETRY_MS = 20

/** A port that opens and closes. */
export interface PortListener {
  /** Opens; the port is chosen the first time. @throws SIM_PORT_UNAVAILABLE */
  readonly open: () => Promise<number>
  /** Refuses new connections; existing ones stay. */
  readonly close: () => Promise<void>
  /** Cuts all connections. */
  readonly cut: () => void
}

/** Makes a listener on loopback (or another address); `port` 0 means any. */
export function createPortListener(
  options: { readonly address: string; readonly port: number },
  accept: (socket: Socket) => void,
): PortListener {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = options.port
  const tryPort = (number: number) =>
    listen(options.address, number, (socket) => {
      sockets.add(socket)
      // Terminals and SFTP are small messages back and forth: waiting for acknowledgements costs 40 ms each.
      socket.setNoDelay(true)
      socket.once('close', () => sockets.delete(socket))
      // Before a transport takes over, a reset must not end the process.
      socket.on('error', () => socket.destroy())
      accept(socket)
    })
  // Opening and closing take turns, so that the last wish holds whatever the order of completion.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const result = turn.then(action)
    turn = result.catch(() => undefined)
    return result
  }
  const openNow = async () => {
    for (let tries = 0; tries < TRIES && server === undefined; tries += 1) {
      const number = port === 0 ? randomInt(LOWEST, HIGHEST) : port
      server = await tryPort(number)
      if (server !== undefined) port = number
      else if (port !== 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
    if (server === undefined)
      throw simError('SIM_PORT_UNAVAILABLE', `port ${port} of ${options.address} is in use`)
    return port
  }
  const closeNow = () => {
    const closing = server
    server = undefined
    // The port is free at once; the callback would wait for the connections to end.
    closing?.close()
    return Promise.resolve()
  }
  return {
    open: () => inTurn(openNow),
    close: () => inTurn(closeNow),
    cut() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function listen(
  address: string,
  port: number,
  accept: (socket: Socket) => void,
): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(accept)
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(simError('SIM_PORT_UNAVAILABLE', error.message))
    })
    server.listen(port, address, () => resolve(server))
  })
}
