import type { QuietTimes } from './channel/timing.ts'
import type { CommandWatch } from './session/command-watch.ts'
import type { Handshakes } from './transport/handshakes.ts'
import type { Path } from './transport/transport.ts'

/** How to connect. All times in milliseconds. */
export interface ConnectOptions {
  /** The terminal stream as received, secrets masked; chunks may be held back until they are known to be clean. */
  log?: (bytes: Buffer) => void
  /** Short texts for people: `Connecting telnet://user@host:port`. Never a password. */
  status?: (text: string) => void
  /** Told of every command of the session once it has ended, those of the login included. */
  onCommand?: CommandWatch
  /** Aborts connecting (not the session that came of it): DEVICE_ABORTED. */
  signal?: AbortSignal
  /** TCP connect and, for SSH, handshake and authentication. Default 60 s: TACACS servers are slow. */
  connectTimeoutMs?: number
  /** From the open stream to the first trusted prompt. Default 60 s. */
  loginTimeoutMs?: number
  /** Default for commands without an own time limit. Default 300 s: large show commands. */
  commandTimeoutMs?: number
  /** Exact strings to mask in logs and errors, beside the login passwords and `ftp://user:SECRET@` forms. */
  secrets?: string[]
  /** Other silences than the usual ones, for labs and for very slow lines. */
  quietTimes?: Partial<QuietTimes>
  /** The way to the device; default: a TCP socket to its address. See `createJumpHosts`. */
  path?: Path
  /** Limits SSH handshakes under way at once; default: the gate of the process. */
  handshakes?: Handshakes
}

/** Defaults of {@link ConnectOptions}. */
export const connectDefaults = {
  connectTimeoutMs: 60_000,
  loginTimeoutMs: 60_000,
  commandTimeoutMs: 300_000,
} as const
