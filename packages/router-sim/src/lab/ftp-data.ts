/** Data connections of FTP: the server listens, the client of the control connection comes once. */
import { createServer, type Server, type Socket } from 'node:net'

/** How long a client may take to come. */
const PATIENCE_MS = 10_000

/** A door that is opened for one transfer at a time. */
export interface DataDoor {
  /** Opens a port for the next transfer; one that was open before is closed. */
  readonly open: () => Promise<number>
  readonly isOpen: () => boolean
  /** The client's connection; undefined if it does not come. Closes the door. */
  readonly enter: () => Promise<Socket | undefined>
  readonly close: () => void
}

/** Makes the door of a control connection: only its own peer may come in. */
export function createDataDoor(control: Socket): DataDoor {
  let server: Server | undefined
  let visitor: Promise<Socket | undefined> = Promise.resolve(undefined)
  const close = () => {
    server?.close()
    server = undefined
  }
  return {
    isOpen: () => server !== undefined,
    close,
    async open() {
      close()
      const opened = createServer()
      server = opened
      visitor = visitorOf(opened, control)
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject)
        opened.listen(0, control.localAddress, resolve)
      })
      const address = opened.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    },
    async enter() {
      const socket = await visitor
      close()
      return socket
    },
  }
}

function visitorOf(server: Server, control: Socket): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.close(), PATIENCE_MS)
    const end = (socket?: Socket) => {
      clearTimeout(timer)
      resolve(socket)
    }
    const gone = () => server.close()
    control.once('close', gone)
    server.on('connection', (socket) => {
      socket.on('error', () => socket.destroy())
      const cut = () => socket.destroy()
      control.once('close', cut)
      socket.once('close', () => control.off('close', cut))
      if (socket.remoteAddress === control.remoteAddress) end(socket)
      else socket.destroy()
    })
    server.once('close', () => {
      control.off('close', gone)
      end()
    })
  })
}
