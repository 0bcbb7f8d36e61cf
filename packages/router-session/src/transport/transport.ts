// The seams: a dial gives the byte stream to an address (a TCP socket, or the forwarded channel of a jump host), a
// transport makes a terminal of that stream (Telnet options or an SSH shell).
import type { Duplex } from 'node:stream'
import type { Hop } from '../device-target.ts'

/** Limits of opening something. */
export interface OpenLimits {
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** Opens the byte stream to a hop's address and port. Throws DEVICE_UNREACHABLE, DEVICE_CONNECTION_REFUSED, DEVICE_TIMEOUT, DEVICE_ABORTED. */
export type Dial = (hop: Hop, limits: OpenLimits) => Promise<Duplex>

/** A way to devices. */
export interface Path {
  dial: Dial
  /** The hops before the device, for status texts: `ssh://user@host:port`. Never a password. */
  via?: readonly string[]
  /** What the way itself must not show, to be masked like the passwords of the device. */
  secrets?: readonly string[]
  /**
   * Waits for leave to log in; `waiting` is told if that takes a while. Returns what to call when the login has
   * ended, however. An abort: DEVICE_ABORTED.
   */
  enter?: (signal: AbortSignal | undefined, waiting: () => void) => Promise<() => void>
}

/** A terminal on a device. */
export interface Terminal {
  /** Clean terminal bytes in both directions: no Telnet commands, no SSH packets. */
  stream: Duplex
  /** What Enter is on this transport. */
  newline: string
  /** The transport has already logged the user in (SSH). */
  authenticated: boolean
  /** Ends the connection politely; the stream closes when the other side has agreed. */
  end: () => void
  /** Ends the connection below the stream at once; safe to call often. */
  destroy: () => void
}

/** The window we tell devices: wide, so that long commands do not wrap; no 0xFF byte in it (Telnet would double it). */
export const WINDOW = { columns: 500, rows: 500, terminal: 'vt220' } as const
