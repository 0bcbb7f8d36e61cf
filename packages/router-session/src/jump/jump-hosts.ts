import { createHmac, randomBytes } from 'node:crypto'
import { type Hop, hopText } from '../device-target.ts'
import { type Handshakes, processHandshakes } from '../transport/handshakes.ts'
import type { Path } from '../transport/transport.ts'
import { hopOf, type JumpHost } from './jump-host.ts'
import { createSharedConnection, type SharedConnection } from './shared-connection.ts'

/** Times in milliseconds. */
export interface JumpHostsOptions {
  /** A connection nobody uses is closed after this. Default 10 s. */
  idleMs?: number
  /** Logins to devices under way at once through one jump host. Default 8. */
  logins?: number
  /** TCP connect, handshake and authentication at the jump host. Default 30 s. */
  connectTimeoutMs?: number
  /** A refused password is not tried again for so long. Default 20 s. */
  refusalMs?: number
  /** Limits SSH handshakes under way at once; default: the gate of the process. */
  handshakes?: Handshakes
}

const DEFAULTS = { idleMs: 10_000, logins: 8, connectTimeoutMs: 30_000, refusalMs: 20_000 } as const

/** What goes on at a jump host. */
export interface JumpHostState {
  /** `ssh://user@host:port` */
  jumpHost: string
  connected: boolean
  /** Connections to devices that are open. */
  channels: number
  /** Logins to devices under way or in line. */
  logins: number
}

/** The jump hosts of a process; devices behind the same one share one connection to it. */
export interface JumpHosts {
  /**
   * The way through a jump host, for the `path` of connecting. Nothing is connected before it is used. Its errors are
   * JUMP_HOST_UNREACHABLE, JUMP_HOST_AUTH_FAILED, JUMP_HOST_FORWARDING_REFUSED and those of a device that the jump
   * host cannot reach. The jump host's key is not checked.
   */
  path: (jumpHost: JumpHost) => Path
  /** Those in use or connected. */
  state: () => JumpHostState[]
  /** Closes all connections and with them the sessions behind them. */
  close: () => void
}

/** Makes an empty set of jump hosts. */
export function createJumpHosts(options: JumpHostsOptions = {}): JumpHosts {
  const shared = new Map<string, { hop: Hop; connection: SharedConnection }>()
  const salt = randomBytes(32)
  let closed = false

  const connectionTo = (hop: Hop, key: string): SharedConnection => {
    const known = shared.get(key)
    if (known !== undefined) return known.connection
    const connection = createSharedConnection(hop, {
      ...DEFAULTS,
      handshakes: processHandshakes,
      ...options,
      unused: () => shared.delete(key),
    })
    if (closed) connection.close()
    else shared.set(key, { hop, connection })
    return connection
  }
  return {
    path(jumpHost) {
      const hop = hopOf(jumpHost)
      const key = keyOf(hop, salt)
      return {
        via: [hopText(hop)],
        secrets: [hop.password],
        dial: (device, limits) => connectionTo(hop, key).dial(device, limits),
        enter: (signal, waiting) => connectionTo(hop, key).enter(signal, waiting),
      }
    },
    state: () =>
      [...shared.values()]
        .map(({ hop, connection }) => ({
          jumpHost: hopText(hop),
          connected: connection.connected(),
          channels: connection.channels(),
          logins: connection.logins(),
        }))
        .filter(({ connected, logins }) => connected || logins > 0),
    close() {
      closed = true
      for (const { connection } of shared.values()) connection.close()
      shared.clear()
    },
  }
}

/** Only who knows the same password shares a connection; the key itself tells nothing of it. */
function keyOf({ address, port, username, password }: Hop, salt: Buffer): string {
  const digest = createHmac('sha256', salt).update(password).digest('base64')
  return JSON.stringify([address, port, username, digest])
}
