/**
 * A jump host: an SSH server that only forwards connections (direct-tcpip, RFC 4254, 7.2), and only to where the lab
 * allows. Shells, commands and files are refused.
 */
import { connect, type Socket } from 'node:net'
import ssh2, { type Connection, type ServerChannel, type TcpipRequestInfo } from 'ssh2'
import { hostKeys } from '../host-keys.ts'
import { createPortListener } from '../transport/port-listener.ts'
import { CONNECT_FAILED, PROHIBITED, refusals } from './channel-refusal.ts'
import { createPasswordCheck } from './password-check.ts'

/** Options of a jump host. */
export interface JumpHostOptions {
  readonly user: string
  readonly password: string
  /** Where it may forward to. */
  readonly allows: (address: string, port: number) => boolean
  /** 0 or absent: any free port below the ephemeral range. */
  readonly port?: number
  /** Where it listens; default 127.0.0.1. */
  readonly address?: string
  /** Its own address on the network behind it: connections to routers come from there. Default: any. */
  readonly sourceAddress?: string
}

/** What a jump host has been asked for. */
export interface JumpHostCounts {
  readonly logins: number
  readonly refusedLogins: number
  /** SSH connections that are open and logged in. */
  readonly connections: number
  /** Forwarded connections that are open. */
  readonly channels: number
  /** Forwarded connections ever, and those it did not allow. */
  readonly forwarded: number
  readonly prohibited: number
}

/** A running or stopped jump host. */
export interface SimulatedJumpHost {
  readonly start: () => Promise<{ readonly address: string; readonly port: number }>
  /** Cuts all connections and takes no new ones. */
  readonly stop: () => Promise<void>
  /** Cuts all connections; new ones are welcome. */
  readonly cut: () => void
  readonly counts: () => JumpHostCounts
  /** Forgets what was counted; open connections stay. */
  readonly reset: () => void
}

/** What OpenSSH tells when it cannot connect. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'Connection timed out',
  ENOTFOUND: 'Name or service not known',
}

/** Makes a jump host; it listens after `start()`. */
export function createJumpHost(options: JumpHostOptions): SimulatedJumpHost {
  const address = options.address ?? '127.0.0.1'
  const passwords = createPasswordCheck(options)
  const connections = new Set<Connection>()
  const outside = new Set<Socket>()
  let forwarded = 0
  let prohibited = 0
  let server: InstanceType<typeof ssh2.Server> | undefined
  const listener = createPortListener({ address, port: options.port ?? 0 }, (socket) =>
    server?.injectSocket(socket),
  )

  const forward = (connection: Connection, to: TcpipRequestInfo, door: Door) => {
    if (!options.allows(to.destIP, to.destPort)) {
      prohibited += 1
      door.refuse(PROHIBITED, 'open failed')
      return
    }
    const { sourceAddress: localAddress } = options
    const socket = connect({
      host: to.destIP,
      port: to.destPort,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    })
    outside.add(socket)
    const gone = () => socket.destroy()
    connection.once('close', gone)
    socket.once('close', () => {
      outside.delete(socket)
      connection.off('close', gone)
    })
    const failed = (error: NodeJS.ErrnoException) =>
      door.refuse(CONNECT_FAILED, REASONS[error.code ?? ''] ?? 'open failed')
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.off('error', failed)
      forwarded += 1
      join(socket, door.accept())
    })
  }
  const serve = (connection: Connection) => {
    // Many clients come and go through one connection.
    connection.setMaxListeners(0)
    connection.on('error', () => connection.end())
    connection.on('authentication', passwords.check)
    connection.on('close', () => connections.delete(connection))
    connection.on('ready', () => {
      connections.add(connection)
      const refuse = refusals(connection)
      connection.on('tcpip', (accept, reject, to) =>
        forward(connection, to, { accept, refuse: (reason, words) => refuse(reject, reason, words) }),
      )
    })
  }
  const cut = () => {
    listener.cut()
    for (const socket of outside) socket.destroy()
  }
  return {
    async start() {
      server ??= new ssh2.Server({ hostKeys: [...(await hostKeys())] }, serve)
      // Errors of single connections arrive here too; each closes its own connection.
      server.on('error', () => undefined)
      return { address, port: await listener.open() }
    },
    async stop() {
      await listener.close()
      cut()
    },
    cut,
    counts: () => ({
      ...passwords.counts(),
      connections: connections.size,
      channels: [...outside].filter((socket) => !socket.connecting).length,
      forwarded,
      prohibited,
    }),
    reset() {
      passwords.reset()
      forwarded = 0
      prohibited = 0
    },
  }
}

/** A request to be let through. */
interface Door {
  readonly accept: () => ServerChannel
  readonly refuse: (reason: number, words: string) => void
}

function join(socket: Socket, channel: ServerChannel): void {
  channel.on('error', () => socket.destroy())
  socket.on('error', () => socket.destroy())
  channel.on('close', () => socket.destroy())
  socket.on('close', () => channel.close())
  channel.pipe(socket)
  socket.pipe(channel)
}
