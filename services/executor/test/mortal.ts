// A cord that can be cut or held: everything a process has open to a server goes through it, and is gone with one call,
// as when the process is killed, or stands still at a certain word.
import { createConnection, createServer, type NetConnectOpts, type Socket } from 'node:net'
import type { Teardown } from '@slipway/test-kit'

export interface Cord {
  readonly port: number
  /** Breaks all connections and takes no new ones. */
  cut(): void
  /**
   * From the first connection that says `words`, nothing more comes through: neither the words (`request`), or only
   * what is answered to them (`reply`).
   * @returns resolves when the words were said
   */
  hold(words: string, what: 'request' | 'reply'): Promise<void>
  /** What was held comes through. */
  release(): void
}

interface Hold {
  readonly words: string
  readonly what: 'request' | 'reply'
  readonly said: () => void
}

/** Forwards connections to a server. */
export async function stretchCord(t: Teardown, to: NetConnectOpts): Promise<Cord> {
  const sockets = new Set<Socket>()
  const holds: Hold[] = []
  const releases: (() => void)[] = []
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    const far = createConnection(to)
    keep(near)
    keep(far)
    let last = ''
    const heard = (bytes: Buffer): Hold | undefined => {
      const text = last + bytes.toString('latin1')
      last = text.slice(-200)
      const index = holds.findIndex(({ words }) => text.includes(words))
      if (index < 0) return undefined
      // What was heard is not heard again, by another hold for the same words.
      last = ''
      return holds.splice(index, 1)[0]
    }
    near.on('data', (bytes: Buffer) => {
      const hold = heard(bytes)
      if (hold?.what === 'request') {
        near.pause()
        releases.push(() => {
          far.write(bytes)
          near.resume()
        })
      } else {
        if (hold !== undefined) {
          far.pause()
          releases.push(() => far.resume())
        }
        far.write(bytes)
      }
      hold?.said()
    })
    far.on('data', (bytes: Buffer) => near.write(bytes))
    near.on('end', () => far.end())
    far.on('end', () => near.end())
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
  return {
    port: address.port,
    cut,
    hold: (words, what) => new Promise((said) => holds.push({ words, what, said })),
    release() {
      for (const undo of releases.splice(0)) undo()
    },
  }
}
