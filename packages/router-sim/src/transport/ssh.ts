/** Server side of SSH: password and keyboard-interactive log-in, one shell or one command per channel. */
import type { Socket } from 'node:net'
import ssh2, {
  type AuthContext,
  type Connection,
  type PseudoTtyInfo,
  type ServerChannel,
  type Session as SshSession,
} from 'ssh2'
import type { Wire } from '../session/wire.ts'

/** Failed tries before the router hangs up. */
const MAX_TRIES = 3
/** How long a client may take to agree to the end of a session. */
const CLOSE_GRACE_MS = 1000
/** Banner of the server, as XR's. */
const IDENT = 'Cisco-2.0'

/** What the SSH server of a router needs. */
export interface SshDeps {
  readonly hostKeys: readonly string[]
  readonly banner: string
  readonly check: (user: string, password: string) => boolean
  /** A shell channel was opened. */
  readonly shell: (wire: Wire, user: string) => void
  /** A command was sent instead of a shell. */
  readonly exec: (wire: Wire, user: string, command: string) => void
}

/** Takes over accepted sockets. */
export interface SshEndpoint {
  readonly accept: (socket: Socket) => void
}

/** Makes the SSH endpoint of a router. */
export function createSshEndpoint(deps: SshDeps): SshEndpoint {
  // ssh2 does not give its connections' sockets away, and only a socket can be cut without a farewell.
  const sockets = new Map<number | undefined, Socket>()
  const server = new ssh2.Server({ hostKeys: [...deps.hostKeys], ident: IDENT }, (connection, info) => {
    serve(connection, info.ip, () => sockets.get(info.port)?.destroy(), deps)
  })
  // Errors of single connections arrive here too; each closes its own connection.
  server.on('error', () => undefined)
  return {
    accept(socket) {
      const { remotePort } = socket
      sockets.set(remotePort, socket)
      socket.once('close', () => sockets.delete(remotePort))
      server.injectSocket(socket)
    },
  }
}

function serve(connection: Connection, ip: string, cut: () => void, deps: SshDeps): void {
  let user = ''
  let tries = 0
  connection.on('error', () => connection.end())
  connection.on('authentication', (context) => {
    user = context.username
    authenticate(context, deps, () => {
      tries += 1
      if (tries >= MAX_TRIES) connection.end()
    })
  })
  connection.on('ready', () => {
    connection.on('session', (accept) => openSession(accept(), { ip, user, deps, connection, cut }))
    // tcpip forwarding and other requests of a real client are refused by ssh2 when nobody listens.
  })
}

function authenticate(context: AuthContext, deps: SshDeps, failed: () => void): void {
  const decide = (password: string) => {
    if (deps.check(context.username, password)) return context.accept()
    failed()
    return context.reject(['password', 'keyboard-interactive'])
  }
  if (context.method === 'password') decide(context.password)
  else if (context.method === 'keyboard-interactive') {
    context.prompt([{ prompt: 'Password: ', echo: false }], '', '', (answers) => decide(answers[0] ?? ''))
  } else context.reject(['password', 'keyboard-interactive'])
}

interface Opened {
  readonly ip: string
  readonly user: string
  readonly deps: SshDeps
  readonly connection: Connection
  readonly cut: () => void
}

function openSession(session: SshSession, { ip, user, deps, connection, cut }: Opened): void {
  let size: { rows: number; columns: number } | undefined
  let pty = false
  const resize = (info: Pick<PseudoTtyInfo, 'rows' | 'cols'>) => {
    size = { rows: info.rows, columns: info.cols }
  }
  session.on('pty', (accept, _reject, info) => {
    pty = true
    resize(info)
    accept?.()
  })
  session.on('window-change', (accept, _reject, info) => {
    resize(info)
    accept?.()
  })
  session.on('env', (accept) => accept?.())
  session.on('shell', (accept) => {
    const wire = channelWire(accept(), { connection, cut, ip, pty, size: () => size })
    if (deps.banner !== '') wire.write(`${deps.banner.replace(/\r?\n/g, '\r\n')}\r\n`)
    wire.write('\r\n\r\n')
    deps.shell(wire, user)
  })
  session.on('exec', (accept, _reject, { command }) => {
    deps.exec(channelWire(accept(), { connection, cut, ip, pty, size: () => size }), user, command)
  })
}

interface WireFacts {
  readonly connection: Connection
  readonly cut: () => void
  readonly ip: string
  readonly pty: boolean
  readonly size: Wire['size']
}

function channelWire(channel: ServerChannel, { connection, cut, ip, pty, size }: WireFacts): Wire {
  channel.on('error', () => channel.close())
  return {
    write: (text) => void (channel.writable && channel.write(Buffer.from(text, 'latin1'))),
    close() {
      channel.exit(0)
      channel.end()
      // Not before the client has taken all output: OpenSSH drops what comes with a disconnect.
      const late = setTimeout(() => connection.end(), CLOSE_GRACE_MS)
      channel.once('close', () => {
        clearTimeout(late)
        connection.end()
      })
    },
    destroy: cut,
    remote: ip.replace(/^::ffff:/, ''),
    service: 'ssh',
    echoes: pty,
    size,
    onData: (listener) => void channel.on('data', listener),
    onClose: (listener) => void channel.on('close', listener),
  }
}
