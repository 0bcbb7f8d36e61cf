// A cord that can be cut: everything a process has open to a server goes through it, and is gone with one call, as
// when the process is killed.
import { createConnection, createServer, type NetConnectOpts, type Socket } from 'node:net'
import type { Teardown } from '@slipway/test-kit'

export interface Cord {
  readonly port: number
  /** Breaks all connections and takes no new ones. */
  cut(): void
}

/** Forwards connections to a server. */
export async function stretchCord(t: Teardown, to: NetConnectOpts): Promise<Cord> {
  const sockets = new Set<Socket>()
  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    const far = createConnection(to)
    hold(near)
    hold(far)
    near.pipe(far)
    far.pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const cut = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(cut)
  return { port: address.port, cut }
}
